package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.engine.chat.AnswerSyntax.CallMarks;
import dev.penstock.engine.chat.AnswerSyntax.Form;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parts an answer, as its text comes, into what the model thinks, what it says and what it calls.
 * Only what may be the beginning of a mark, or of a call, is held back. However the text is cut
 * into pieces, the same comes of it; what looks like a call and is none is a part of what it says.
 * For one thread.
 */
public final class AnswerParser {
  /** A name of a function has fewer characters, and its number and mark as many at most. */
  private static final int LONGEST_HEAD = 300;

  private enum Place {
    /** Before the first word. */
    START,
    THOUGHT,
    AFTER_THOUGHT,
    CONTENT,
    /** After the mark that begins a call. */
    CALL,
    /** After a call, before the mark that ends it. */
    CLOSE
  }

  private final AnswerSyntax syntax;
  private final ArrayNode tools;
  private final Set<String> names = new HashSet<>();
  private final List<CallMarks> marks;
  private final List<String> opens;
  private final PartBuilder parts;
  private final StringBuilder held = new StringBuilder();
  private Place place;

  /** Whether nothing was said yet. */
  private boolean fresh = true;

  private boolean thoughtBegun;
  private boolean afterCall;

  /** What stands before the call that is open, if it is none. */
  private String before = "";

  private @Nullable CallMarks open;
  private @Nullable CallReader reader;

  /**
   * @param tools as OpenAI's; empty: calls are nothing but text
   * @param thinking whether the answer begins within a thought
   * @param ids calls have ids of it; equal ones have equal ones
   */
  public AnswerParser(AnswerSyntax syntax, ArrayNode tools, boolean thinking, long ids) {
    this.syntax = syntax;
    this.tools = tools;
    for (JsonNode tool : tools) {
      names.add(tool.at("/function/name").asText());
    }
    marks = tools.isEmpty() ? List.of() : syntax.allCalls();
    opens = tools.isEmpty() ? List.of() : syntax.allOpen();
    parts = new PartBuilder(new CallIds(ids, syntax)::of);
    place = thinking ? Place.THOUGHT : Place.START;
  }

  /** Takes what the answer goes on with; returns what is known now, and was not before. */
  public AnswerPart add(String text) {
    held.append(text);
    while (step()) {
      // Until more of the text is needed.
    }
    return parts.take();
  }

  /** Whether there is a call. */
  public boolean called() {
    return parts.calls() > 0;
  }

  /** Whether what comes next is thought, as far as it is known. */
  public boolean thinking() {
    return place == Place.THOUGHT;
  }

  /** The answer ends: returns what was held back. */
  public AnswerPart end() {
    switch (place) {
      case START, CONTENT -> parts.content(afterCall && isBlank(held) ? "" : held.toString());
      case THOUGHT -> parts.reasoning(held.toString().stripTrailing());
      case AFTER_THOUGHT -> {}
      case CALL -> {
        boolean told = reader != null && reader.told();
        String untold = reader == null ? "" : reader.untold();
        parts.content((told ? "" : before) + untold + held);
      }
      case CLOSE -> {
        String rest = held.toString().strip();
        boolean mark = rest.isEmpty() || (open != null && open.close().startsWith(rest));
        parts.content(mark ? "" : held.toString());
      }
    }
    held.setLength(0);
    return parts.take();
  }

  /** False: more of the text is needed. */
  private boolean step() {
    return switch (place) {
      case START -> start();
      case THOUGHT -> thought();
      case AFTER_THOUGHT -> {
        dropBlanks();
        place = held.isEmpty() ? place : Place.CONTENT;
        yield !held.isEmpty();
      }
      case CONTENT -> content();
      case CALL -> call();
      case CLOSE -> close();
    };
  }

  private boolean start() {
    String mark = syntax.thoughts().open();
    String text = held.toString().stripLeading();
    if (text.startsWith(mark)) {
      held.setLength(0);
      held.append(text, mark.length(), text.length());
      place = Place.THOUGHT;
      return true;
    }
    if (mark.startsWith(text)) {
      return false;
    }
    place = Place.CONTENT;
    return true;
  }

  private boolean thought() {
    if (!thoughtBegun) {
      dropBlanks();
      // The template has opened the thought, and the model does it again.
      String again = syntax.thoughts().open();
      if (held.length() < again.length() && again.startsWith(held.toString())) {
        return false;
      }
      if (held.toString().startsWith(again)) {
        held.delete(0, again.length());
        return !held.isEmpty();
      }
      thoughtBegun = true;
    }
    String mark = syntax.thoughts().close();
    int at = held.indexOf(mark);
    if (at >= 0) {
      parts.reasoning(held.substring(0, at).stripTrailing());
      held.delete(0, at + mark.length());
      place = Place.AFTER_THOUGHT;
      return true;
    }
    int known = beforeBlanks(held.length() - beginning(List.of(mark)));
    parts.reasoning(held.substring(0, known));
    held.delete(0, known);
    return false;
  }

  private boolean content() {
    if (opens.isEmpty()) {
      parts.content(held.toString());
      held.setLength(0);
      return false;
    }
    if (fresh && syntax.bare()) {
      int first = firstWord();
      if (first == held.length()) {
        return false;
      }
      if ("{[".indexOf(held.charAt(first)) >= 0) {
        before = take(first);
        open = null;
        reader = new CallReader(names, true, parts);
        place = Place.CALL;
        return true;
      }
    }
    int at = -1;
    String mark = "";
    for (String each : opens) {
      int found = held.indexOf(each);
      if (found >= 0 && (at < 0 || found < at)) {
        at = found;
        mark = each;
      }
    }
    int known = beforeBlanks(at >= 0 ? at : held.length() - beginning(opens));
    if (known > 0) {
      parts.content(take(known));
      fresh = false;
      afterCall = false;
      at -= known;
    }
    if (mark.isEmpty()) {
      return false;
    }
    String start = take(at + mark.length());
    String found = mark;
    marks.stream()
        .filter(each -> each.open().equals(found))
        .findFirst()
        .ifPresent(each -> {
          before = start;
          open = each;
          reader = null;
          place = Place.CALL;
        });
    return true;
  }

  private boolean call() {
    if (reader == null && !form()) {
      return place != Place.CALL;
    }
    for (int i = 0; i < held.length() && reader != null; i++) {
      switch (reader.take(held.charAt(i))) {
        case MORE -> {}
        case DONE -> {
          held.delete(0, i + 1);
          place = Place.CLOSE;
          return true;
        }
        case BROKEN -> {
          held.delete(0, i + 1);
          broken();
          return true;
        }
      }
    }
    held.setLength(0);
    return false;
  }

  /** Finds out how the call is written, of which the mark has come. */
  private boolean form() {
    int first = firstWord();
    if (first == held.length() || open == null) {
      return false;
    }
    if (held.charAt(first) == '{' || held.charAt(first) == '[') {
      before += take(first);
      reader = new CallReader(names, open.open().startsWith("`"), parts);
      return true;
    }
    return switch (open.form()) {
      case JSON -> {
        noCall("");
        yield false;
      }
      case NAMED -> head(open);
      case TAGGED -> {
        tagged(open);
        yield false;
      }
    };
  }

  /** The name of a function and the mark after it. */
  private boolean head(CallMarks marks) {
    String between = marks.between() == null ? "" : marks.between();
    int at = held.indexOf(between);
    if (at < 0 && held.length() <= LONGEST_HEAD) {
      return false;
    }
    String name = at < 0 || at > LONGEST_HEAD ? "" : held.substring(0, at);
    int id = name.indexOf(AnswerSyntax.MISTRAL_ID);
    name = (id < 0 ? name : name.substring(0, id)).strip();
    if (!names.contains(name)) {
      name = name.replaceFirst("^functions\\.", "").replaceFirst(":\\d+$", "");
    }
    if (!names.contains(name)) {
      noCall("");
      return false;
    }
    String head = take(at + between.length());
    int first = firstWord();
    if (first == held.length()) {
      held.insert(0, head); // what it is called with is needed, too
      return false;
    }
    if (held.charAt(first) != '{') {
      noCall(head);
      return false;
    }
    held.delete(0, first);
    parts.begun(name);
    reader = CallReader.ofArguments(parts);
    return true;
  }

  private void tagged(CallMarks marks) {
    int at = held.indexOf(marks.close());
    if (at < 0) {
      return;
    }
    TaggedCall call = TaggedCall.of(held.substring(0, at), tools);
    if (call == null) {
      noCall("");
      return;
    }
    parts.begun(call.name());
    parts.arguments(call.arguments().toString());
    held.delete(0, at);
    place = Place.CLOSE;
  }

  /** What was held for a call is none. */
  private void noCall(String head) {
    parts.content(before + head);
    fresh = false;
    afterCall = false;
    place = Place.CONTENT;
  }

  private void broken() {
    CallReader broken = reader;
    if (broken == null) {
      return;
    }
    held.insert(0, broken.untold());
    if (broken.told()) {
      place = Place.CLOSE;
      reader = null;
      fresh = false;
    } else if (open == null) {
      // Its first character is known not to begin a call.
      before += take(1);
      noCall("");
    } else {
      noCall("");
    }
  }

  /** After a call: another one beside it, or the mark that ends it, or what it goes on with. */
  private boolean close() {
    int first = 0;
    while (first < held.length()
        && (JsonScan.isBlank(held.charAt(first))
            || (reader != null && ";,".indexOf(held.charAt(first)) >= 0))) {
      first++;
    }
    if (first == held.length()) {
      return false;
    }
    boolean another = reader != null && "{[".indexOf(held.charAt(first)) >= 0;
    if (another && (open == null || open.form() == Form.JSON)) {
      before = take(first);
      reader = new CallReader(names, open == null, parts);
      place = Place.CALL;
      return true;
    }
    String mark = open == null ? "" : open.close();
    String rest = held.substring(first);
    if (!mark.isEmpty() && rest.startsWith(mark)) {
      held.delete(0, first + mark.length());
    } else if (mark.startsWith(rest)) {
      return false;
    }
    fresh = false;
    afterCall = true;
    place = Place.CONTENT;
    return !held.isEmpty();
  }

  private String take(int length) {
    String taken = held.substring(0, length);
    held.delete(0, length);
    return taken;
  }

  private void dropBlanks() {
    held.delete(0, firstWord());
  }

  private int firstWord() {
    int first = 0;
    while (first < held.length() && Character.isWhitespace(held.charAt(first))) {
      first++;
    }
    return first;
  }

  private int beforeBlanks(int end) {
    int at = end;
    while (at > 0 && Character.isWhitespace(held.charAt(at - 1))) {
      at--;
    }
    return at;
  }

  private static boolean isBlank(CharSequence text) {
    return text.toString().isBlank();
  }

  /** How much of the end may be the beginning of one of these marks. */
  private int beginning(List<String> marks) {
    int longest = 0;
    for (String mark : marks) {
      int length = Math.min(mark.length() - 1, held.length());
      while (length > longest && !endsWith(mark, length)) {
        length--;
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  private boolean endsWith(String mark, int length) {
    int from = held.length() - length;
    for (int i = 0; i < length; i++) {
      if (held.charAt(from + i) != mark.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
