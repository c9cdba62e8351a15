package dev.penstock.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.TinyOnnx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What reads a model's directory, whatever its files hold. */
final class DirectoryTarget implements Target {
  /** A tokenizer of three words. */
  static final String TOKENIZER =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"[UNK]",\
      "single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],\
      "normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"Whitespace"},"post_processor":null,\
      "decoder":null,"model":{"type":"WordLevel","vocab":{"[UNK]":0,"a":1,"water":2},\
      "unk_token":"[UNK]"}}
      """;

  private static final float[][] TABLE = {{1, 0}, {0, 1}, {1, 1}};
  private static final Pattern FILE =
      Pattern.compile(
          "(?m)^--- ((?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,40})\n");

  private final ModelsTarget models = new ModelsTarget();

  DirectoryTarget() throws Exception {}

  /** A directory that is a model. */
  static byte[] whole() {
    return beside(
        new TinyOnnx()
            .input("input_ids")
            .table("table", TABLE)
            .node("Gather", "last_hidden_state", "table", "input_ids")
            .output("last_hidden_state", 3));
  }

  /** A directory that is whole beside that file. */
  static byte[] beside(TinyOnnx onnx) {
    try {
      Path folder = Scratch.folder();
      byte[] model = Files.readAllBytes(onnx.write(folder.resolve("model.onnx")));
      Scratch.delete(folder);
      var all = new ByteArrayOutputStream();
      Map<String, byte[]> files = new LinkedHashMap<>();
      files.put("config.json", ModelFolders.CONFIG.replace("384", "2").getBytes(ISO_8859_1));
      files.put("tokenizer.json", TOKENIZER.getBytes(ISO_8859_1));
      files.put(
          "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}\n".getBytes(ISO_8859_1));
      files.put("onnx/model.onnx", model);
      files.forEach((name, bytes) -> {
        all.writeBytes(("--- " + name + "\n").getBytes(ISO_8859_1));
        all.writeBytes(bytes);
      });
      return all.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The files of a directory by their names. */
  static Map<String, byte[]> files(byte[] input) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    String text = new String(input, ISO_8859_1);
    Matcher next = FILE.matcher(text);
    String name = null;
    int from = 0;
    while (next.find()) {
      if (name != null) {
        files.put(name, text.substring(from, next.start()).getBytes(ISO_8859_1));
      }
      name = next.group(1);
      from = next.end();
    }
    if (name != null) {
      files.put(name, text.substring(from).getBytes(ISO_8859_1));
    }
    return files;
  }

  @Override
  public void read(byte[] input) throws Exception {
    models.read(files(input));
  }

  @Override
  public void close() throws IOException {
    models.close();
  }
}
