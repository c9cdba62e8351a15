package dev.penstock.engine.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.JsonMappers;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads calls from the JSON that a model writes: an object with a name and arguments, a list of
 * such, or an object with such a list. What is known of a call is told at once; what is not told
 * yet is kept, in case that it is none.
 */
final class CallReader {
  /** Whoever hears of calls. */
  interface Calls {
    void begun(String name);

    void arguments(String part);
  }

  enum Progress {
    MORE,
    DONE,
    /** It is no call, or not any more. */
    BROKEN
  }

  /** What a value is that is open. */
  private enum Role {
    LIST,
    CALL,
    /** The object within a call that has its name. */
    FUNCTION,
    ARGUMENTS,
    OTHER
  }

  private static final Set<String> NAMES = Set.of("name", "tool_name");
  private static final Set<String> ARGUMENTS =
      Set.of(AnswerSyntax.ARGUMENTS, AnswerSyntax.PARAMETERS);
  private static final String FUNCTION = "function";
  private static final String CALLS = "tool_calls";

  /** With what a call may begin that has no marks around it. */
  private static final Set<String> FIRST =
      Set.of("name", "type", "id", FUNCTION, CALLS, "arguments", "parameters");

  private final Set<String> names;
  private final boolean bare;
  private final Calls calls;
  private final JsonScan scan = new JsonScan();
  private final Deque<Role> roles = new ArrayDeque<>();
  private final StringBuilder untold = new StringBuilder();

  /** Of the call that is open. */
  private final StringBuilder early = new StringBuilder();

  private @Nullable String name;
  private boolean begun;
  private boolean argued;
  private String member = "";
  private boolean told;

  /**
   * @param names of the functions that there are
   * @param bare whether no mark has said that it is a call
   */
  CallReader(Set<String> names, boolean bare, Calls calls) {
    this.names = names;
    this.bare = bare;
    this.calls = calls;
  }

  /** For the arguments alone, of a call that has been told. */
  static CallReader ofArguments(Calls calls) {
    var reader = new CallReader(Set.of(), false, calls);
    reader.begun = true;
    reader.told = true;
    return reader;
  }

  /** Whether a call has been told. */
  boolean told() {
    return told;
  }

  /** What of the text no call has told. */
  String untold() {
    return untold.toString();
  }

  Progress take(char c) {
    untold.append(c);
    JsonScan.Sign sign = scan.take(c);
    boolean within = roles.peek() == Role.ARGUMENTS;
    boolean good =
        switch (sign) {
          case WRONG -> false;
          case INSIDE -> roles.peek() != Role.LIST || c == ',' || JsonScan.isBlank(c);
          case OPEN_OBJECT -> opened(true);
          case OPEN_LIST -> opened(false);
          case CLOSE -> {
            if (within) {
              argument(c);
              within = false;
            }
            yield closed();
          }
          case NAME -> named();
          case TEXT -> text();
          case NULL -> {
            if (roles.peek() == Role.CALL || roles.peek() == Role.FUNCTION) {
              argued |= ARGUMENTS.contains(member);
            }
            yield true;
          }
        };
    if (!good) {
      return Progress.BROKEN;
    }
    if (within || (sign == JsonScan.Sign.OPEN_OBJECT && roles.peek() == Role.ARGUMENTS)) {
      argument(c);
    }
    return scan.done() ? Progress.DONE : Progress.MORE;
  }

  /** A character of the arguments: told where it is known whose they are. */
  private void argument(char c) {
    if (begun) {
      calls.arguments(Character.toString(c));
      untold.setLength(0);
    } else {
      early.append(c);
    }
  }

  private boolean opened(boolean object) {
    Role parent = roles.peek();
    Role role;
    if (parent == null) {
      // What is to be arguments alone is an object.
      role = begun ? Role.ARGUMENTS : object ? Role.CALL : Role.LIST;
      if (begun && !object) {
        return false;
      }
    } else {
      role =
          switch (parent) {
            case LIST -> object ? Role.CALL : null;
            case ARGUMENTS, OTHER -> parent;
            case CALL, FUNCTION -> member(parent, object);
          };
    }
    if (role == null) {
      return false;
    }
    if (role == Role.CALL) {
      name = null;
      begun = false;
      argued = false;
      early.setLength(0);
    }
    roles.push(role);
    if (role == Role.ARGUMENTS && name != null && !begun) {
      begin(name, "");
    }
    return true;
  }

  private @Nullable Role member(Role parent, boolean object) {
    if (ARGUMENTS.contains(member)) {
      boolean first = !argued;
      argued = true;
      return object && first ? Role.ARGUMENTS : null;
    }
    if (parent == Role.CALL && member.equals(FUNCTION)) {
      return object ? Role.FUNCTION : null;
    }
    boolean outermost = roles.size() == 1;
    if (parent == Role.CALL && member.equals(CALLS) && outermost && name == null) {
      return object ? null : Role.LIST;
    }
    return Role.OTHER;
  }

  private boolean named() {
    member = decoded();
    boolean first = roles.peek() == Role.CALL && name == null && early.isEmpty();
    return !bare || !first || FIRST.contains(member);
  }

  private boolean text() {
    Role role = roles.peek();
    if (role == null || role == Role.LIST) {
      return false;
    }
    if (role != Role.CALL && role != Role.FUNCTION) {
      return true;
    }
    boolean isName =
        NAMES.contains(member) || (role == Role.CALL && member.equals(FUNCTION) && name == null);
    if (isName) {
      name = decoded();
      if (!names.contains(name)) {
        return false;
      }
      if (!early.isEmpty()) {
        begin(name, early.toString());
        early.setLength(0);
      }
      return true;
    }
    return !ARGUMENTS.contains(member) || argumentsInText();
  }

  /** Arguments that are written as a string that has their JSON in it. */
  private boolean argumentsInText() {
    String text = decoded();
    if (argued || !isObject(text)) {
      return false;
    }
    argued = true;
    if (name == null) {
      early.append(text);
    } else {
      begin(name, text);
    }
    return true;
  }

  private static boolean isObject(String text) {
    var scan = new JsonScan();
    for (int i = 0; i < text.length(); i++) {
      JsonScan.Sign sign = scan.take(text.charAt(i));
      if (sign == JsonScan.Sign.WRONG || (i == 0 && sign != JsonScan.Sign.OPEN_OBJECT)) {
        return false;
      }
    }
    return scan.done();
  }

  private void begin(String of, String arguments) {
    calls.begun(of);
    calls.arguments(arguments);
    begun = true;
    told = true;
    untold.setLength(0);
  }

  private boolean closed() {
    Role role = roles.pop();
    return switch (role) {
      case CALL -> endCall();
      case LIST -> told;
      case FUNCTION, ARGUMENTS, OTHER -> true;
    };
  }

  private boolean endCall() {
    if (begun) {
      untold.setLength(0);
      return true;
    }
    if (name == null || (bare && !argued)) {
      return false;
    }
    begin(name, early.isEmpty() ? "{}" : early.toString());
    return true;
  }

  private String decoded() {
    try {
      JsonNode value = JsonMappers.PLAIN.readTree(scan.text());
      return value.asText();
    } catch (JsonProcessingException e) {
      return ""; // it was scanned
    }
  }
}
