package dev.penstock.models;

import dev.penstock.config.YamlNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes a model of a directory with a GGUF file. */
final class GgufFolder {
  private static final String SUFFIX = ".gguf";
  private static final String FILE =
      "([A-Za-z0-9_-][A-Za-z0-9._-]*/)?[A-Za-z0-9_-][A-Za-z0-9._-]*\\.gguf";
  private static final Set<String> KEYS = Set.of("file", "aliases", "context_tokens", "slots");

  /** Such a file reads pictures for a model beside it. */
  private static final String PICTURES = "mmproj";

  private final ModelFolder folder;

  GgufFolder(ModelFolder folder) {
    this.folder = folder;
  }

  /** Whether the directory's model is one: as its model.yaml says, or by what is there. */
  static boolean is(ModelFolder folder) throws BrokenModel, IOException {
    YamlNode named = FolderChoices.yaml(folder).root().fields().get("file");
    if (named instanceof YamlNode.Scalar file) {
      return file.text().endsWith(SUFFIX);
    }
    return !folder.hasOnnx() && !folder.ending(SUFFIX).isEmpty();
  }

  /**
   * What the operator says of it.
   *
   * @param file null: it is found
   * @param contextTokens 0: nothing
   * @param slots 0: nothing
   */
  private record Choices(
      @Nullable String file, List<String> aliases, int contextTokens, int slots) {

    static Choices read(ModelFolder folder) throws BrokenModel, IOException {
      List<String> problems = new ArrayList<>();
      var root = FolderChoices.yaml(folder).root();
      Choices choices = read(new FieldReader(ModelFolder.CHOICES, "", root, problems));
      if (problems.isEmpty()) {
        return choices;
      }
      throw new BrokenModel(String.join("; ", problems));
    }

    private static Choices read(FieldReader fields) {
      fields.only(KEYS);
      return new Choices(
          fields.has("file") ? fields.text("file", FILE, "the name of a .gguf file") : null,
          fields.texts("aliases", CatalogueReader.ALIAS, "names made of letters, digits and ._/:-"),
          fields.has("context_tokens") ? GenerationTraits.contextTokens(fields) : 0,
          fields.has("slots") ? fields.whole("slots", 1, GgufFiles.MOST_SLOTS) : 0);
    }
  }

  /**
   * @param revision what the spec says about the state of the files
   */
  ModelSpec read(String revision) throws BrokenModel, IOException {
    Choices choices = Choices.read(folder);
    Path file = folder.require(choices.file() == null ? only() : choices.file());
    String name = folder.name(file);
    GgufFile header =
        GgufReader.read(file, name, part -> folder.require(folder.name(file.resolveSibling(part))));
    int context = choices.contextTokens();
    if (header.trainedContext() > 0 && context > header.trainedContext()) {
      throw new BrokenModel(
          "model.yaml: context_tokens = %d, but %s was trained for %d"
              .formatted(context, name, header.trainedContext()));
    }
    return new ModelSpec(
        folder.name(),
        choices.aliases(),
        new GenerationTraits(context),
        List.of(
            new GgufFiles.Folder(
                file,
                header,
                choices.slots(),
                context,
                folder.file(ModelFolder.TEMPLATE).orElse(null),
                folder.file(ModelFolder.TOKENIZER_CONFIG).orElse(null),
                revision)));
  }

  /** The file that is there, or the first part of it. */
  private String only() throws BrokenModel, IOException {
    List<String> all = folder.ending(SUFFIX);
    List<String> models =
        all.stream()
            .filter(name -> !name.startsWith(PICTURES) && !GgufReader.follows(name))
            .toList();
    if (models.size() == 1) {
      return models.getFirst();
    }
    if (models.isEmpty()) {
      throw new BrokenModel(
          all.getFirst()
              + (GgufReader.follows(all.getFirst())
                  ? " is a part of a model, and its first is missing"
                  : " reads pictures for a model, which is missing"));
    }
    throw new BrokenModel(
        "there are several models in it, %s: name the one to use in model.yaml, as in 'file: %s'"
            .formatted(String.join(", ", models), models.getFirst()));
  }
}
