package dev.penstock.types;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.InputSchema;
import dev.penstock.models.ModelSpec;
import org.jspecify.annotations.Nullable;

/** A task type without a model, whose inputs are held against its schema and nothing else. */
public abstract class SchemaType implements TaskType {
  private final String name;
  private final String inputSchema;
  private final String outputSchema;
  private final InputSchema schema;

  protected SchemaType(String name, String inputSchema, String outputSchema) {
    this.name = name;
    this.inputSchema = inputSchema;
    this.outputSchema = outputSchema;
    this.schema = new InputSchema(inputSchema);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String inputSchema() {
    return inputSchema;
  }

  @Override
  public final String outputSchema() {
    return outputSchema;
  }

  @Override
  public final Form accept(JsonNode input, String param, @Nullable ModelSpec model) {
    schema.check(input, param);
    return Form.JSON;
  }
}
