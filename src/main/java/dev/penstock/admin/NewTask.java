package dev.penstock.admin;

import dev.penstock.task.Lane;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The form for a new task and what stands in it.
 *
 * @param type the one chosen; {@link #TEXT_TYPE} takes a text, the others take JSON
 * @param json the chosen type's input; empty: its example
 * @param error what was wrong with it; empty: nothing
 */
public record NewTask(
    List<InputType> types,
    List<String> models,
    String type,
    String model,
    String text,
    String json,
    String priority,
    String error) {
  static final String TEXT_TYPE = "embedding";

  /**
   * @param known every type
   * @param lanes those that work can be sent to
   */
  static NewTask empty(List<InputType> known, List<Lane> lanes, String model) {
    List<InputType> types = types(known, lanes);
    return new NewTask(types, models(lanes), chosen("", types), model, "", "", "5", "");
  }

  static NewTask again(
      Form form, List<InputType> known, List<Lane> lanes, String model, String error) {
    List<InputType> types = types(known, lanes);
    String type = chosen(form.get("type"), types);
    return new NewTask(
        types,
        models(lanes),
        type,
        form.get("model").isEmpty() ? model : form.get("model"),
        form.get("text"),
        form.get(InputType.field(type)),
        form.get("priority"),
        error);
  }

  private static List<InputType> types(List<InputType> known, List<Lane> lanes) {
    Set<String> served = lanes.stream().map(Lane::type).collect(Collectors.toSet());
    return known.stream().filter(type -> served.contains(type.name())).toList();
  }

  /** One of them is always chosen, or the form would show no input at all. */
  private static String chosen(String wanted, List<InputType> types) {
    List<String> names = types.stream().map(InputType::name).toList();
    return names.contains(wanted) ? wanted : names.isEmpty() ? "" : names.getFirst();
  }

  private static List<String> models(List<Lane> lanes) {
    return lanes.stream()
        .filter(lane -> lane.type().equals(TEXT_TYPE))
        .map(Lane::model)
        .filter(Objects::nonNull)
        .toList();
  }

  /** What stands in a type's field. */
  public String json(InputType of) {
    return of.name().equals(type) && !json.isEmpty() ? json : of.example();
  }
}
