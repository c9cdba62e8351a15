package dev.penstock.config;

import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;

/**
 * A YAML file read strictly: one document, no repeated key, no references between its parts. It is
 * kept as text with line numbers, and not as YAML's types, which would turn 010 into 8, and leave
 * nothing to quote in a message.
 *
 * @param name what messages call the file
 */
public record YamlFile(String name, YamlNode.Fields root) {
  private static final int MAX_BYTES = 1024 * 1024;
  private static final int MAX_DEPTH = 16;

  /** A file inside the program, by its path from the class path's root. */
  public static YamlFile ofResource(String path) {
    try (InputStream in = YamlFile.class.getResourceAsStream("/" + path)) {
      if (in == null) {
        throw new BadSettings(path + ": not inside the program; its build is broken");
      }
      return parse(path, in.readAllBytes());
    } catch (IOException e) {
      throw new BadSettings(path + ": cannot be read: " + e.getMessage());
    }
  }

  public static YamlFile of(Path path) {
    String name = Visible.text(path.toString());
    try (InputStream in = Files.newInputStream(path)) {
      return parse(name, in.readNBytes(MAX_BYTES + 1));
    } catch (NoSuchFileException e) {
      throw new BadSettings(name + ": no such file");
    } catch (IOException e) {
      throw new BadSettings(name + ": cannot be read: " + Visible.text(e.toString()));
    }
  }

  /**
   * The contents of a file.
   *
   * @param name what messages call it
   */
  public static YamlFile parse(String name, byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new BadSettings(name + ": longer than " + MAX_BYTES + " bytes");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new BadSettings(name + ": not text in UTF-8");
    }
    return new YamlFile(name, root(name, text));
  }

  private static YamlNode.Fields root(String name, String text) {
    Node node;
    try {
      node = compose(text);
    } catch (MarkedYAMLException e) {
      // Not the whole message: it quotes the line, which may hold a secret.
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      throw new BadSettings(
          "%s, line %d: not YAML: %s".formatted(name, line, Visible.text(e.getProblem())));
    } catch (YAMLException e) {
      throw new BadSettings(name + ": not YAML: " + Visible.text(String.valueOf(e.getMessage())));
    } catch (IllegalArgumentException e) {
      // SnakeYAML's own checks of tags and of hexadecimal escapes; its words quote the file.
      throw new BadSettings(name + ": not YAML: a tag or an escape in it is none");
    }
    if (node == null || node.getTag().equals(Tag.NULL)) {
      return new YamlNode.Fields(Map.of(), 1);
    }
    List<String> problems = new ArrayList<>();
    YamlNode root = convert(name, node, problems);
    if (!problems.isEmpty()) {
      throw new BadSettings(problems);
    }
    if (root instanceof YamlNode.Fields fields) {
      return fields;
    }
    throw new BadSettings(name + ": must be keys and values");
  }

  private static @Nullable Node compose(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_BYTES);
    options.setNestingDepthLimit(MAX_DEPTH);
    options.setMaxAliasesForCollections(0);
    DumperOptions unused = new DumperOptions();
    return new Yaml(new SafeConstructor(options), new Representer(unused), unused, options)
        .compose(new java.io.StringReader(text));
  }

  private static YamlNode convert(String name, Node node, List<String> problems) {
    int line = node.getStartMark().getLine() + 1;
    return switch (node) {
      case ScalarNode scalar ->
          new YamlNode.Scalar(scalar.getTag().equals(Tag.NULL) ? "" : scalar.getValue(), line);
      case SequenceNode items ->
          new YamlNode.Items(
              items.getValue().stream().map(item -> convert(name, item, problems)).toList(), line);
      case MappingNode mapping -> fields(name, mapping, problems);
      default -> throw new IllegalStateException("a YAML node of kind " + node.getNodeId());
    };
  }

  private static YamlNode.Fields fields(String name, MappingNode mapping, List<String> problems) {
    Map<String, YamlNode> fields = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      int line = tuple.getKeyNode().getStartMark().getLine() + 1;
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add("%s, line %d: a key must be one word".formatted(name, line));
        continue;
      }
      if (fields.putIfAbsent(key.getValue(), convert(name, tuple.getValueNode(), problems))
          != null) {
        problems.add(
            "%s, line %d: the key %s is there twice"
                .formatted(name, line, Visible.quoted(key.getValue())));
      }
    }
    return new YamlNode.Fields(fields, mapping.getStartMark().getLine() + 1);
  }
}
