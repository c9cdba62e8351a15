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

  /** Made when it is needed: reading one takes long, and types are listed before all else. */
  private volatile @Nullable InputSchema schema;

  protected SchemaType(String name, String inputSchema, String outputSchema) {
    this.name = name;
    this.inputSchema = inputSchema;
    this.outputSchema = outputSchema;
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
  public final void warmUp() {
    schema();
  }

  private InputSchema schema() {
    InputSchema made = schema;
    if (made == null) {
      made = new InputSchema(inputSchema);
      schema = made;
    }
    return made;
  }

  @Override
  public final Form accept(JsonNode input, String param, @Nullable ModelSpec model) {
    schema().check(input, param);
    return Form.JSON;
  }
}
