package dev.penstock.admin;

import dev.penstock.task.Lane;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The form for a new task and what stands in it.
 *
 * @param types those that work can be sent to
 * @param type the one chosen; empty: there is none
 * @param form what was filled in; empty at first
 * @param error what was wrong with it; empty: nothing
 */
public record NewTask(
    List<InputType> types, List<Lane> lanes, String type, Form form, String error) {

  /**
   * @param known every type
   * @param lanes those that work can be sent to
   */
  static NewTask of(Form form, List<InputType> known, List<Lane> lanes, String error) {
    List<InputType> types =
        known.stream()
            .filter(type -> lanes.stream().anyMatch(lane -> lane.type().equals(type.name())))
            .toList();
    // One of them is always chosen, or the form would show no input at all.
    String type =
        chosen(form, types).or(() -> types.stream().findFirst()).map(InputType::name).orElse("");
    return new NewTask(types, lanes, type, form, error);
  }

  /** The type that a form names. */
  static Optional<InputType> chosen(Form form, List<InputType> types) {
    return types.stream().filter(type -> type.name().equals(form.get("type"))).findFirst();
  }

  public List<String> models(InputType of) {
    return lanes.stream()
        .filter(lane -> lane.type().equals(of.name()))
        .map(Lane::model)
        .filter(Objects::nonNull)
        .toList();
  }

  public boolean isChosen(InputType of, String candidate) {
    String given = form.get(of.modelField());
    return candidate.equals(given.isEmpty() ? of.model() : given);
  }

  /** What stands in a type's field. */
  public String input(InputType of) {
    String given = form.get(of.field());
    return !given.isEmpty() ? given : of.takesText() ? "" : of.example();
  }

  public String priority() {
    return form.get("type").isEmpty() ? "5" : form.get("priority");
  }
}
