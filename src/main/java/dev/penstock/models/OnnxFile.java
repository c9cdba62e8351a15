package dev.penstock.models;

import dev.penstock.models.WireReader.Malformed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an ONNX file says of itself: all but its operations and weights. It is read without opening
 * the model, so that what can never be opened is known from the start, and everywhere.
 *
 * @param ir the version of its format; 0: not said
 * @param opset the version of ONNX's own operators; 0: it uses none
 * @param inputs those that have to be given
 * @param parts weights in other files, wherever in the model they are named
 */
record OnnxFile(long ir, long opset, List<Value> inputs, List<Value> outputs, List<Part> parts) {
  /** The newest that ONNX Runtime 1.20 reads; OnnxVersionsTest compares them with it. */
  static final int NEWEST_IR = 10;

  static final int NEWEST_OPSET = 21;

  private static final int MOST_VALUES = 10_000;
  private static final int MOST_AXES = 100;

  /** Branches and loops within each other; ONNX Runtime's reader ends at about as many. */
  private static final int MOST_NESTED = 32;

  private static final byte[] LFS = "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

  /**
   * An input or output.
   *
   * @param type ONNX's number of what it is made of
   * @param shape its axes' lengths, -1 where one is not fixed; null: not said
   */
  record Value(String name, int type, @Nullable List<Long> shape) {

    /** How many axes it has; -1: not said. */
    int axes() {
      return shape == null ? -1 : shape.size();
    }

    /** The length of the last axis; -1: not said. */
    long width() {
      return shape == null || shape.isEmpty() ? -1 : shape.getLast();
    }
  }

  /**
   * Weights in another file.
   *
   * @param file as the model names it
   * @param end how long the file has to be
   */
  record Part(String file, long end) {}

  OnnxFile {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    parts = List.copyOf(parts);
  }

  /**
   * @param name what messages call it
   */
  static OnnxFile read(Path file, String name) throws BrokenModel, IOException {
    byte[] start;
    try (var in = Files.newInputStream(file)) {
      start = in.readNBytes(LFS.length);
    }
    if (start.length == 0) {
      throw new BrokenModel(name + " is empty");
    }
    if (Arrays.equals(start, LFS)) {
      throw new BrokenModel(name + " is a Git LFS pointer in place of the model: git lfs pull");
    }
    try (WireReader in = WireReader.open(file)) {
      var reader = new Reader(in);
      try {
        return reader.model();
      } catch (Malformed e) {
        throw new BrokenModel(
            name
                + (!e.cutShort
                    ? " " + e.getMessage()
                    : reader.begun
                        ? " is cut short: it ends after "
                            + in.size()
                            + " bytes, before its graph does"
                        : " is no ONNX model"));
      }
    }
  }

  private static final class Reader {
    private final WireReader in;
    private final List<Value> inputs = new ArrayList<>();
    private final List<Value> outputs = new ArrayList<>();
    private final Set<String> given = new HashSet<>();
    private final Map<String, Long> parts = new LinkedHashMap<>();
    private long ir;
    private long opset;
    private boolean begun;

    Reader(WireReader in) {
      this.in = in;
    }

    OnnxFile model() throws IOException, Malformed {
      boolean graph = false;
      while (in.next(in.size())) {
        switch (in.field()) {
          case 1 -> {
            ir = in.number();
            begun |= ir > 0;
          }
          case 7 -> {
            begun |= in.isBytes();
            graph(in.message());
            graph = true;
          }
          case 8 -> opset(in.message());
          case 20 -> training(in.message());
          case 25 -> function(in.message());
          default -> in.skip();
        }
      }
      if (!graph) {
        throw new Malformed(begun);
      }
      inputs.removeIf(input -> given.contains(input.name));
      return new OnnxFile(
          ir,
          opset,
          inputs,
          outputs,
          parts.entrySet().stream().map(part -> new Part(part.getKey(), part.getValue())).toList());
    }

    private void opset(long end) throws IOException, Malformed {
      String domain = "";
      long version = 0;
      while (in.next(end)) {
        switch (in.field()) {
          case 1 -> domain = in.text();
          case 2 -> version = in.number();
          default -> in.skip();
        }
      }
      if (domain.isEmpty() || domain.equals("ai.onnx")) {
        opset = Math.max(opset, version);
      }
    }

    private void graph(long end) throws IOException, Malformed {
      while (in.next(end)) {
        switch (in.field()) {
          case 1 -> operation(in.message(), 0);
          case 5 -> given.add(tensor(in.message()));
          case 11 -> add(inputs, value(in.message()));
          case 12 -> add(outputs, value(in.message()));
          case 15 -> sparse(in.message());
          default -> in.skip();
        }
      }
    }

    /** A graph within an operation, or one that is not run here: it may name files as well. */
    private void inner(long end, int depth) throws IOException, Malformed {
      if (depth > MOST_NESTED) {
        throw new Malformed("has graphs within graphs, more than " + MOST_NESTED + " deep");
      }
      while (in.next(end)) {
        switch (in.field()) {
          case 1 -> operation(in.message(), depth);
          case 5 -> tensor(in.message());
          case 15 -> sparse(in.message());
          default -> in.skip();
        }
      }
    }

    private void operation(long end, int depth) throws IOException, Malformed {
      while (in.next(end)) {
        if (in.field() == 5) {
          attribute(in.message(), depth);
        } else {
          in.skip();
        }
      }
    }

    private void attribute(long end, int depth) throws IOException, Malformed {
      while (in.next(end)) {
        switch (in.field()) {
          case 5, 10 -> tensor(in.message());
          case 6, 11 -> inner(in.message(), depth + 1);
          case 22, 23 -> sparse(in.message());
          default -> in.skip();
        }
      }
    }

    private void function(long end) throws IOException, Malformed {
      while (in.next(end)) {
        switch (in.field()) {
          case 7 -> operation(in.message(), 0);
          case 11 -> attribute(in.message(), 0);
          default -> in.skip();
        }
      }
    }

    private void training(long end) throws IOException, Malformed {
      while (in.next(end)) {
        switch (in.field()) {
          case 1, 2 -> inner(in.message(), 1);
          default -> in.skip();
        }
      }
    }

    private void sparse(long end) throws IOException, Malformed {
      while (in.next(end)) {
        switch (in.field()) {
          case 1, 2 -> tensor(in.message());
          default -> in.skip();
        }
      }
    }

    private static void add(List<Value> values, Value value) throws Malformed {
      if (values.size() == MOST_VALUES) {
        throw new Malformed(false);
      }
      values.add(value);
    }

    private Value value(long end) throws IOException, Malformed {
      String name = "";
      var type = new TensorType();
      while (in.next(end)) {
        switch (in.field()) {
          case 1 -> name = in.text();
          case 2 -> type(in.message(), type);
          default -> in.skip();
        }
      }
      return new Value(name, type.element, type.shape);
    }

    private void type(long end, TensorType type) throws IOException, Malformed {
      while (in.next(end)) {
        if (in.field() != 1) {
          in.skip();
          continue;
        }
        long tensor = in.message();
        while (in.next(tensor)) {
          switch (in.field()) {
            case 1 -> type.element = (int) in.number();
            case 2 -> type.shape = shape(in.message());
            default -> in.skip();
          }
        }
      }
    }

    private List<Long> shape(long end) throws IOException, Malformed {
      List<Long> shape = new ArrayList<>();
      while (in.next(end)) {
        if (in.field() != 1) {
          in.skip();
          continue;
        }
        long axis = in.message();
        long length = -1;
        while (in.next(axis)) {
          if (in.field() == 1) {
            length = in.number();
          } else {
            in.skip();
          }
        }
        if (shape.size() == MOST_AXES) {
          throw new Malformed(false);
        }
        shape.add(length > 0 ? length : -1);
      }
      return List.copyOf(shape);
    }

    /** Its name. Every file that it names counts, whichever of them its weights would be in. */
    private String tensor(long end) throws IOException, Malformed {
      String name = "";
      double count = 1;
      int type = 0;
      List<String> locations = new ArrayList<>();
      double offset = 0;
      double length = -1;
      while (in.next(end)) {
        switch (in.field()) {
          case 1 -> {
            if (in.isBytes()) {
              count *= in.product(in.message());
            } else {
              count *= in.number();
            }
          }
          case 2 -> type = (int) in.number();
          case 8 -> name = in.text();
          case 13 -> {
            String[] entry = entry(in.message());
            switch (entry[0]) {
              case "location" -> locations.add(entry[1]);
              case "offset" -> offset = whole(entry[1]);
              case "length" -> length = whole(entry[1]);
              default -> {}
            }
          }
          default -> in.skip();
        }
      }
      double bytes = Math.ceil(offset + (length >= 0 ? length : count * bytes(type)));
      for (String location : locations) {
        parts.merge(location, (long) bytes, Math::max);
        if (parts.size() > MOST_VALUES) {
          throw new Malformed("names more than " + MOST_VALUES + " files");
        }
      }
      return name;
    }

    private String[] entry(long end) throws IOException, Malformed {
      String[] entry = {"", ""};
      while (in.next(end)) {
        switch (in.field()) {
          case 1 -> entry[0] = in.text();
          case 2 -> entry[1] = in.text();
          default -> in.skip();
        }
      }
      return entry;
    }

    private static double whole(String text) throws Malformed {
      if (!text.matches("\\d{1,18}")) {
        throw new Malformed(false);
      }
      return Long.parseLong(text);
    }

    /** Bytes of one number of that type; 0 where the type is unknown here. */
    private static double bytes(int type) {
      return switch (type) {
        case 2, 3, 9, 17, 18, 19, 20 -> 1;
        case 4, 5, 10, 16 -> 2;
        case 1, 6, 12 -> 4;
        case 7, 11, 13, 14 -> 8;
        case 15 -> 16;
        case 21, 22 -> 0.5;
        default -> 0;
      };
    }

    private static final class TensorType {
      int element;
      @Nullable List<Long> shape;
    }
  }
}
