package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;
import static dev.penstock.web.Route.post;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.penstock.api.TaskIntake;
import dev.penstock.api.TaskIntake.Taken;
import dev.penstock.base.ParsedJson;
import dev.penstock.json.JsonMappers;
import dev.penstock.task.Lane;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A form for a new task, to try things out. */
final class SubmitPage {
  static final String PATH = "/dashboard/submit";

  /** A text of it, percent-encoded, may be three times as long. */
  private static final int MAX_BODY = 1 << 20;

  private final PageContext desk;
  private final TaskIntake intake;
  private final List<InputType> types;
  private final Supplier<List<Lane>> lanes;

  SubmitPage(
      PageContext desk, TaskIntake intake, List<InputType> types, Supplier<List<Lane>> lanes) {
    this.desk = desk;
    this.intake = intake;
    this.types = types;
    this.lanes = lanes;
  }

  List<Route> routes() {
    return List.of(
        get(PATH, SESSION, _ -> page(filled(Form.of(""), ""))),
        post(PATH, SESSION, MAX_BODY, desk.guarded(this::submit)));
  }

  private Reply page(NewTask task) {
    return desk.page(new Layout("New task", PATH), desk.templates.submit(task));
  }

  private Reply submit(Exchange exchange) throws InterruptedException {
    Form form = Form.of(exchange.body());
    byte[] json;
    try {
      Optional<InputType> type = NewTask.chosen(form, types);
      if (type.isPresent() && type.get().takesText() && form.get(type.get().field()).isEmpty()) {
        return refused(form, "The text is empty. Write one.");
      }
      if (type.isPresent()) {
        // Twice: here, and as the API reads it.
        byte[] input = form.get(type.get().field()).getBytes(StandardCharsets.UTF_8);
        exchange.parse(2 * ParsedJson.bytes(input));
      }
      json = task(form, type);
    } catch (JsonProcessingException e) {
      return refused(form, "The input is not JSON: " + e.getOriginalMessage());
    }
    return switch (intake.submit(json, exchange.caller())) {
      case Taken.Accepted(var id) -> {
        desk.did(exchange, "submitted task " + id);
        yield PageContext.goTo(TaskQuery.PATH + "/" + id);
      }
      case Taken.Refused(var message) -> refused(form, message);
    };
  }

  private Reply refused(Form form, String message) {
    return PageContext.withStatus(400, page(filled(form, message)));
  }

  private NewTask filled(Form form, String error) {
    return NewTask.of(form, types, lanes.get(), error);
  }

  /** The task as the API would have been sent it. */
  private static byte[] task(Form form, Optional<InputType> type) throws JsonProcessingException {
    ObjectNode task = JsonMappers.PLAIN.createObjectNode();
    task.put("type", form.get("type"));
    if (type.isPresent()) {
      String given = form.get(type.get().field());
      JsonNode input =
          type.get().takesText()
              ? TextNode.valueOf(given)
              : JsonMappers.PLAIN.readTree(given.isBlank() ? "{}" : given);
      task.set("input", input);
      if (type.get().usesModels()) {
        task.put("model", form.get(type.get().modelField()));
      }
    }
    if (form.get("priority").matches("\\d{1,2}")) {
      task.put("priority", Integer.parseInt(form.get("priority")));
    }
    return task.toString().getBytes(StandardCharsets.UTF_8);
  }
}
