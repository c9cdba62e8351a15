package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/** {@code GET /v1/models} and one of them, by name or alias. */
final class ModelsResource {
  private final ModelCatalogue models;

  /** Nobody knows when a model was made; these have been here since the program started. */
  private final long created =
      Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getStartTime()).toSeconds();

  ModelsResource(ModelCatalogue models) {
    this.models = models;
  }

  Reply list(Exchange exchange) {
    return Reply.list(models.all(), this::write);
  }

  Reply get(Exchange exchange) {
    String name = exchange.parameter("model");
    ModelSpec model =
        models
            .find(name)
            .orElseThrow(
                () -> new Refusal(ApiError.noSuchModel(name, models.whyBroken(name).orElse(null))));
    return Reply.json(200, json -> write(json, model));
  }

  private void write(JsonGenerator json, ModelSpec model) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", model.name());
    json.writeStringField("object", "model");
    json.writeNumberField("created", created);
    json.writeStringField("owned_by", "penstock");
    json.writeStringField("kind", model.traits().kind());
    json.writeObjectField("aliases", model.aliases());
    model.traits().write(json);
    json.writeEndObject();
  }
}
