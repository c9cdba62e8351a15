package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is to be fetched: a model of the hub, or a file that a URL names. */
sealed interface PullSource {
  /** A name that a file may have, in a folder of ours. */
  Pattern PLAIN = Pattern.compile("(?!\\.)[A-Za-z0-9._-]{1,200}");

  Pattern HUB =
      Pattern.compile(
          "hf:([A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95})(?::(.+))?");

  /**
   * A file.
   *
   * @param name as it is called in the model's directory; with a folder before it, perhaps
   * @param size in bytes; negative: nobody says
   * @param sha256 in hex; null: nobody says
   */
  record Item(URI from, String name, long size, @Nullable String sha256) {}

  /** A file at a URL. */
  record Url(URI uri, String file) implements PullSource {}

  /**
   * A model of the hub.
   *
   * @param file null: which one is for the hub's list to say
   */
  record Hub(String repository, @Nullable String file) implements PullSource {
    String name() {
      return repository.substring(repository.indexOf('/') + 1);
    }
  }

  static PullSource parse(String text) throws Failure {
    Matcher hub = HUB.matcher(text);
    if (hub.matches()) {
      return new Hub(hub.group(1), hub.group(2));
    }
    try {
      URI uri = new URI(text);
      String path = String.valueOf(uri.getPath());
      String file = path.substring(path.lastIndexOf('/') + 1);
      if (Fetch.allowed(uri) && PLAIN.matcher(file).matches()) {
        return new Url(uri, file);
      }
    } catch (URISyntaxException e) {
      // said below
    }
    throw Failure.refused(
        Visible.quoted(text)
            + " is neither hf:org/name, hf:org/name:file nor an https URL that ends in a file's name");
  }

  /** The model's name, unless the caller has one: that of its file, or of its repository. */
  static String standardName(PullSource source) {
    String name =
        switch (source) {
          case Url(var _, String file) -> file.replaceFirst("(?i)\\.gguf$", "");
          case Hub hub -> hub.name().replaceFirst("(?i)-gguf$", "");
        };
    return name.toLowerCase(Locale.ROOT);
  }

  /** The files of a model of the hub, by its list of them. */
  static List<Item> choose(Hub hub, URI endpoint, JsonNode tree) throws Failure {
    List<JsonNode> files = new ArrayList<>();
    tree.forEach(entry -> {
      if (entry.path("type").asText().equals("file")) {
        files.add(entry);
      }
    });
    List<JsonNode> texts =
        files.stream()
            .filter(entry -> name(entry).toLowerCase(Locale.ROOT).endsWith(".gguf"))
            .filter(entry -> !name(entry).toLowerCase(Locale.ROOT).contains("mmproj"))
            .sorted(Comparator.comparing(PullSource::name))
            .toList();
    List<JsonNode> chosen;
    if (hub.file() != null) {
      chosen = named(files, hub.file());
      if (chosen.isEmpty()) {
        throw Failure.refused(
            "%s has no file %s%s"
                .formatted(hub.repository(), Visible.quoted(hub.file()), there(texts)));
      }
    } else if (!texts.isEmpty()) {
      List<JsonNode> first = parts(texts, texts.getFirst());
      chosen = first.size() == texts.size() ? first : named(texts, "Q4_K_M");
      if (chosen.isEmpty()) {
        throw Failure.refused(
            "say which file of %s: hf:%s:FILE%s"
                .formatted(hub.repository(), hub.repository(), there(texts)));
      }
    } else {
      chosen = encoder(files);
      if (chosen.isEmpty()) {
        throw Failure.refused(
            hub.repository()
                + " has neither a GGUF file nor onnx/model.onnx with a tokenizer.json");
      }
    }
    return chosen.stream().map(entry -> item(hub, endpoint, entry)).toList();
  }

  private static String name(JsonNode entry) {
    return entry.path("path").asText();
  }

  /** A file, with the parts that belong to it; or those of one quantisation. */
  private static List<JsonNode> named(List<JsonNode> files, String wanted) {
    for (JsonNode file : files) {
      if (name(file).equals(wanted)) {
        return parts(files, file);
      }
    }
    Pattern word =
        Pattern.compile("(?i)(^|.*[-_./])" + Pattern.quote(wanted) + "(-00001-of-\\d{5})?\\.gguf");
    List<JsonNode> alike =
        files.stream().filter(file -> word.matcher(name(file)).matches()).toList();
    return alike.size() == 1 ? parts(files, alike.getFirst()) : List.of();
  }

  /** A file that is split has its parts beside it. */
  private static List<JsonNode> parts(List<JsonNode> files, JsonNode first) {
    Matcher split = Pattern.compile("(.*)-\\d{5}-of-(\\d{5}\\.gguf)").matcher(name(first));
    if (!split.matches()) {
      return List.of(first);
    }
    Pattern part =
        Pattern.compile(
            Pattern.quote(split.group(1)) + "-\\d{5}-of-" + Pattern.quote(split.group(2)));
    return files.stream().filter(file -> part.matcher(name(file)).matches()).toList();
  }

  /** What an encoder's directory has of it. */
  private static List<JsonNode> encoder(List<JsonNode> files) {
    List<String> wanted =
        List.of(
            "onnx/model.onnx",
            "onnx/model.onnx_data",
            "tokenizer.json",
            "tokenizer_config.json",
            "config.json",
            "sentence_bert_config.json",
            "config_sentence_transformers.json",
            "modules.json",
            "1_Pooling/config.json");
    List<JsonNode> found = files.stream().filter(file -> wanted.contains(name(file))).toList();
    List<String> names = found.stream().map(PullSource::name).toList();
    return names.containsAll(List.of("onnx/model.onnx", "tokenizer.json", "config.json"))
        ? found
        : List.of();
  }

  private static String there(List<JsonNode> texts) {
    return texts.isEmpty()
        ? ""
        : "; there are "
            + Visible.text(
                String.join(", ", texts.stream().map(PullSource::name).limit(40).toList()));
  }

  private static Item item(Hub hub, URI endpoint, JsonNode entry) {
    String path =
        String.join(
            "/",
            Stream.of(name(entry).split("/", -1))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                .toList());
    URI from = URI.create(endpoint + "/" + hub.repository() + "/resolve/main/" + path);
    String sum = entry.at("/lfs/oid").asText();
    String full = name(entry);
    boolean gguf = full.toLowerCase(Locale.ROOT).endsWith(".gguf");
    return new Item(
        from,
        gguf ? full.substring(full.lastIndexOf('/') + 1) : full,
        entry.path("size").asLong(-1),
        sum.matches("[0-9a-f]{64}") ? sum : null);
  }
}
