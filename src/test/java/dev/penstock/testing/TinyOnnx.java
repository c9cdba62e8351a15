package dev.penstock.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes ONNX models of a few bytes: a table of vectors, looked up by token id. */
public final class TinyOnnx {
  private static final int IR_VERSION = 8;
  private static final int OPSET = 13;
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  private final ByteArrayOutputStream graph = new ByteArrayOutputStream();

  /** What is beside the graph. */
  private final ByteArrayOutputStream beside = new ByteArrayOutputStream();

  private int ir = IR_VERSION;
  private int opset = OPSET;

  /** The format's version in place of the usual one. */
  public TinyOnnx ir(int version) {
    ir = version;
    return this;
  }

  /** The operators' version in place of the usual one. */
  public TinyOnnx opset(int version) {
    opset = version;
    return this;
  }

  /** An int64 input of [texts, tokens]. */
  public TinyOnnx input(String name) {
    message(graph, 11, value(name, INT64, 2));
    return this;
  }

  /** A float output of so many axes. */
  public TinyOnnx output(String name, int axes) {
    message(graph, 12, value(name, FLOAT, axes));
    return this;
  }

  /** A float output with the last axis of that length. */
  public TinyOnnx output(String name, int axes, int width) {
    message(graph, 12, value(name, FLOAT, axes, width));
    return this;
  }

  /** A table inside the model. */
  public TinyOnnx table(String name, float[][] rows) {
    var tensor = tensor(name, rows);
    bytes(tensor, 9, floats(rows));
    message(graph, 5, tensor);
    return this;
  }

  /** A table in a file beside the model. */
  public TinyOnnx tableIn(Path file, String name, float[][] rows) throws IOException {
    Files.write(file, floats(rows));
    return tableNamed(file.getFileName().toString(), name, rows);
  }

  /**
   * A table in a file.
   *
   * @param location what the model calls the file
   */
  public TinyOnnx tableNamed(String location, String name, float[][] rows) {
    message(graph, 5, outside(location, name, rows));
    return this;
  }

  private static ByteArrayOutputStream outside(String location, String name, float[][] rows) {
    var tensor = tensor(name, rows);
    var entry = new ByteArrayOutputStream();
    text(entry, 1, "location");
    text(entry, 2, location);
    message(tensor, 13, entry);
    number(tensor, 14, 1);
    return tensor;
  }

  /** A place in a model, other than its list of weights, where weights may be. */
  public enum Place {
    CONSTANT,
    LIST_OF_TENSORS,
    BRANCH,
    BRANCH_OF_A_BRANCH,
    SPARSE,
    FUNCTION,
    TRAINING
  }

  /** A table in a file, in that place. */
  public TinyOnnx tableAt(Place place, String location, float[][] rows) {
    ByteArrayOutputStream tensor = outside(location, "hidden", rows);
    switch (place) {
      case CONSTANT -> message(graph, 1, constant(5, tensor));
      case LIST_OF_TENSORS -> message(graph, 1, constant(10, tensor));
      case BRANCH -> message(graph, 1, constant(6, of(5, tensor)));
      case BRANCH_OF_A_BRANCH -> message(graph, 1, constant(11, of(1, constant(6, of(5, tensor)))));
      case SPARSE -> message(graph, 15, of(1, tensor));
      case FUNCTION -> message(beside, 25, of(7, constant(5, tensor)));
      case TRAINING -> message(beside, 20, of(1, of(5, tensor)));
    }
    return this;
  }

  /** A table in a file that is named in a field whose number only some readers understand. */
  public TinyOnnx tableDisguised(String location, float[][] rows) {
    var entry = new ByteArrayOutputStream();
    text(entry, 1, "location");
    text(entry, 2, location);
    var tensor = tensor("hidden", rows);
    // 13, and a bit that does not fit into 32.
    tensor.writeBytes(new byte[] {(byte) 0xea, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x10});
    varint(tensor, entry.size());
    tensor.writeBytes(entry.toByteArray());
    number(tensor, 14, 1);
    message(graph, 5, tensor);
    return this;
  }

  /** So many graphs, each in an operation of the one around it. */
  public TinyOnnx nested(int graphs) {
    ByteArrayOutputStream inner = new ByteArrayOutputStream();
    for (int i = 0; i < graphs; i++) {
      inner = of(1, constant(6, inner));
    }
    graph.writeBytes(inner.toByteArray());
    return this;
  }

  /** An operation that is a function of the model's own, which begins with itself. */
  public TinyOnnx endless(String output, String input) {
    var call = operation("Endless", output, input);
    text(call, 7, "own");
    message(graph, 1, call);
    var function = new ByteArrayOutputStream();
    text(function, 1, "Endless");
    text(function, 4, "x");
    text(function, 5, "y");
    var itself = operation("Endless", "y", "x");
    text(itself, 7, "own");
    message(function, 7, itself);
    for (String domain : new String[] {"", "own"}) {
      message(function, 9, operators(domain, domain.isEmpty() ? opset : 1));
    }
    text(function, 10, "own");
    message(beside, 25, function);
    message(beside, 8, operators("own", 1));
    return this;
  }

  private static ByteArrayOutputStream operators(String domain, int version) {
    var operators = new ByteArrayOutputStream();
    text(operators, 1, domain);
    number(operators, 2, version);
    return operators;
  }

  /** An operation with that attribute. */
  private static ByteArrayOutputStream constant(int field, ByteArrayOutputStream value) {
    var attribute = new ByteArrayOutputStream();
    text(attribute, 1, "value");
    message(attribute, field, value);
    number(attribute, 20, field == 5 ? 4 : field == 10 ? 9 : field == 6 ? 5 : 10);
    var node = operation("Constant", "unused");
    message(node, 5, attribute);
    return node;
  }

  private static ByteArrayOutputStream of(int field, ByteArrayOutputStream message) {
    var whole = new ByteArrayOutputStream();
    message(whole, field, message);
    return whole;
  }

  public TinyOnnx node(String operator, String output, String... inputs) {
    message(graph, 1, operation(operator, output, inputs));
    return this;
  }

  /** A whole number inside the model. */
  public TinyOnnx number(String name, long value) {
    var tensor = new ByteArrayOutputStream();
    number(tensor, 2, INT64);
    text(tensor, 8, name);
    bytes(
        tensor,
        9,
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    message(graph, 5, tensor);
    return this;
  }

  /** The mean over the tokens, whether they are padding or not. */
  public TinyOnnx mean(String output, String input) {
    var node = operation("ReduceMean", output, input);
    var axes = new ByteArrayOutputStream();
    text(axes, 1, "axes");
    number(axes, 8, 1);
    number(axes, 20, 7);
    message(node, 5, axes);
    var keep = new ByteArrayOutputStream();
    text(keep, 1, "keepdims");
    number(keep, 3, 0);
    number(keep, 20, 2);
    message(node, 5, keep);
    message(graph, 1, node);
    return this;
  }

  /** Each text's first token id. */
  public TinyOnnx first(String output, String input) {
    number("zero", 0);
    var node = operation("Gather", output, input, "zero");
    var axis = new ByteArrayOutputStream();
    text(axis, 1, "axis");
    number(axis, 3, 1);
    number(axis, 20, 2);
    message(node, 5, axis);
    message(graph, 1, node);
    return this;
  }

  public Path write(Path file) throws IOException {
    var model = new ByteArrayOutputStream();
    number(model, 1, ir);
    var operators = new ByteArrayOutputStream();
    text(operators, 1, "");
    number(operators, 2, opset);
    text(graph, 2, "tiny");
    message(model, 7, graph);
    message(model, 8, operators);
    model.writeBytes(beside.toByteArray());
    return Files.write(file, model.toByteArray());
  }

  private static ByteArrayOutputStream operation(String operator, String output, String... inputs) {
    var node = new ByteArrayOutputStream();
    for (String input : inputs) {
      text(node, 1, input);
    }
    text(node, 2, output);
    text(node, 4, operator);
    return node;
  }

  private static ByteArrayOutputStream tensor(String name, float[][] rows) {
    var tensor = new ByteArrayOutputStream();
    number(tensor, 1, rows.length);
    number(tensor, 1, rows[0].length);
    number(tensor, 2, FLOAT);
    text(tensor, 8, name);
    return tensor;
  }

  private static ByteArrayOutputStream value(String name, int type, int axes) {
    return value(name, type, axes, 0);
  }

  /**
   * @param width of the last axis; 0: not fixed
   */
  private static ByteArrayOutputStream value(String name, int type, int axes, int width) {
    var shape = new ByteArrayOutputStream();
    for (int axis = 0; axis < axes; axis++) {
      var dimension = new ByteArrayOutputStream();
      if (width > 0 && axis == axes - 1) {
        number(dimension, 1, width);
      } else {
        text(dimension, 2, name + axis);
      }
      message(shape, 1, dimension);
    }
    var tensor = new ByteArrayOutputStream();
    number(tensor, 1, type);
    message(tensor, 2, shape);
    var whole = new ByteArrayOutputStream();
    message(whole, 1, tensor);
    var value = new ByteArrayOutputStream();
    text(value, 1, name);
    message(value, 2, whole);
    return value;
  }

  private static byte[] floats(float[][] rows) {
    var buffer =
        ByteBuffer.allocate(rows.length * rows[0].length * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      for (float value : row) {
        buffer.putFloat(value);
      }
    }
    return buffer.array();
  }

  private static void message(ByteArrayOutputStream to, int field, ByteArrayOutputStream message) {
    bytes(to, field, message.toByteArray());
  }

  private static void text(ByteArrayOutputStream to, int field, String text) {
    bytes(to, field, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void bytes(ByteArrayOutputStream to, int field, byte[] bytes) {
    varint(to, field << 3 | 2);
    varint(to, bytes.length);
    to.writeBytes(bytes);
  }

  private static void number(ByteArrayOutputStream to, int field, int number) {
    varint(to, field << 3);
    varint(to, number);
  }

  private static void varint(ByteArrayOutputStream to, int value) {
    int rest = value;
    while (rest > 0x7f) {
      to.write((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    to.write(rest);
  }
}
