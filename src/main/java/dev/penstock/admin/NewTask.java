package dev.penstock.admin;

import dev.penstock.task.Lane;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;

/**
 * The form for a new task and what stands in it.
 *
 * @param type the one chosen; those that take a text, {@link #TEXT_TYPE}, have another input
 * @param error what was wrong with it; empty: nothing
 */
public record NewTask(
    List<String> types,
    List<String> models,
    String type,
    String model,
    String text,
    String json,
    String priority,
    String error) {
  public static final String TEXT_TYPE = "embedding";

  private static final String EXAMPLE = "{\"sleep_ms\": 5000, \"steps\": 10}";

  static NewTask empty(List<Lane> lanes, String model) {
    return new NewTask(types(lanes), models(lanes), TEXT_TYPE, model, "", EXAMPLE, "5", "");
  }

  static NewTask again(Form form, List<Lane> lanes, String model, String error) {
    return new NewTask(
        types(lanes),
        models(lanes),
        form.get("type").isEmpty() ? TEXT_TYPE : form.get("type"),
        form.get("model").isEmpty() ? model : form.get("model"),
        form.get("text"),
        form.get("json"),
        form.get("priority"),
        error);
  }

  private static List<String> types(List<Lane> lanes) {
    return List.copyOf(new TreeSet<>(lanes.stream().map(Lane::type).toList()));
  }

  private static List<String> models(List<Lane> lanes) {
    return lanes.stream()
        .filter(lane -> lane.type().equals(TEXT_TYPE))
        .map(Lane::model)
        .filter(Objects::nonNull)
        .toList();
  }
}
