package dev.penstock.cli;

import dev.penstock.base.Visible;
import java.util.regex.Pattern;

/** Ids of tasks as a command was given them: only what can be one reaches a URL. */
final class Ids {
  private static final Pattern FORM = Pattern.compile("[0-9A-Za-z_-]{1,100}");

  private Ids() {}

  static boolean possible(String text) {
    return FORM.matcher(text).matches();
  }

  static String checked(String text) throws Failure {
    if (!possible(text)) {
      throw Failure.refused(Visible.quoted(text) + " is no id of a task");
    }
    return text;
  }

  static String path(String id) {
    return "/v1/tasks/" + id;
  }
}
