package dev.penstock.engine.chat;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model writes its answers: its thoughts, and its calls of tools.
 *
 * @param thinks whether it is known to think before it answers
 * @param thoughts what its thoughts stand between
 * @param calls how it writes calls, the first one where it is made to; empty: as it was told to in
 *     the system text, which the template knows nothing of
 * @param ignored marks around all calls, which say nothing
 * @param bare whether an answer that is the JSON of a call is one, without any marks
 * @param several whether it may write more than one call
 */
public record AnswerSyntax(
    boolean thinks,
    Marks thoughts,
    List<CallMarks> calls,
    List<String> ignored,
    boolean bare,
    boolean several) {

  /** What begins a part of an answer, and what ends it. */
  record Marks(String open, String close) {}

  /** How a call is written. */
  enum Form {
    /** An object with its name and its arguments, or a list of such. */
    JSON,
    /** The name, a mark, and then the arguments. */
    NAMED,
    /** Not JSON: a mark for each argument. */
    TAGGED
  }

  /**
   * The marks of a call.
   *
   * @param close empty: nothing ends it
   * @param between after its name; null: it has no such form
   * @param arguments what its JSON calls the arguments
   * @param list whether its JSON is a list, be it of one call
   */
  record CallMarks(
      String open,
      String close,
      Form form,
      @Nullable String between,
      String arguments,
      boolean list) {

    static CallMarks json(String open, String close) {
      return new CallMarks(open, close, Form.JSON, null, ARGUMENTS, false);
    }

    static CallMarks list(String open, String close) {
      return new CallMarks(open, close, Form.JSON, null, ARGUMENTS, true);
    }

    static CallMarks named(String open, String between, String close) {
      return new CallMarks(open, close, Form.NAMED, between, ARGUMENTS, false);
    }

    static CallMarks tagged(String open, String close) {
      return new CallMarks(open, close, Form.TAGGED, null, ARGUMENTS, false);
    }
  }

  static final String ARGUMENTS = "arguments";
  static final String PARAMETERS = "parameters";
  static final String MISTRAL = "[TOOL_CALLS]";
  static final String MISTRAL_ID = "[CALL_ID]";

  private static final Marks THINK = new Marks("<think>", "</think>");
  private static final List<Marks> THOUGHTS =
      List.of(
          THINK,
          new Marks("[THINK]", "[/THINK]"),
          new Marks("<seed:think>", "</seed:think>"),
          new Marks("<mm:think>", "</mm:think>"),
          new Marks("<|START_THINKING|>", "<|END_THINKING|>"));

  /** Fences that models like to put around JSON. */
  private static final CallMarks FENCE = CallMarks.json("```json", "```");

  private static final CallMarks HERMES = CallMarks.json("<tool_call>", "</tool_call>");

  /** Of a model whose template has no tools, which is told in words how to call them. */
  public static final AnswerSyntax TOLD = told(null);

  public AnswerSyntax {
    calls = List.copyOf(calls);
    ignored = List.copyOf(ignored);
  }

  /**
   * Tells it from a chat template's text.
   *
   * @param template null: the model has none
   * @param tools whether the template tells the model which tools there are
   */
  public static AnswerSyntax of(@Nullable String template, boolean tools) {
    if (template == null) {
      return TOLD;
    }
    @Nullable Marks thoughts =
        THOUGHTS.stream()
            .filter(marks -> template.contains(marks.close()))
            .findFirst()
            .orElse(null);
    if (!tools) {
      return told(thoughts);
    }
    if (template.contains("<tool_call>")) {
      boolean tagged = template.contains("<arg_key>") || template.contains("<parameter=");
      return marked(thoughts, tagged ? CallMarks.tagged("<tool_call>", "</tool_call>") : HERMES);
    }
    if (template.contains(MISTRAL)) {
      return marked(
          thoughts,
          template.contains("[ARGS]")
              ? CallMarks.named(MISTRAL, "[ARGS]", "")
              : CallMarks.list(MISTRAL, ""));
    }
    if (template.contains("<|tool_call_begin|>")) {
      return of(
          thoughts,
          List.of(
              CallMarks.named(
                  "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>")),
          List.of("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
          false,
          true);
    }
    if (template.contains("<function=") && template.contains("</function>")) {
      return marked(thoughts, CallMarks.named("<function=", ">", "</function>"));
    }
    for (CallMarks marks :
        List.of(
            CallMarks.list("<TOOLCALL>", "</TOOLCALL>"),
            CallMarks.list("<tool_calls>", "</tool_calls>"),
            CallMarks.list("<|tool_call|>", ""),
            CallMarks.json("<|function_call|>", ""))) {
      if (template.contains(marks.open())) {
        return marked(thoughts, marks);
      }
    }
    if (template.contains("\"parameters\": ") && template.contains("ipython")) {
      return of(
          thoughts,
          List.of(new CallMarks("<|python_tag|>", "", Form.JSON, null, PARAMETERS, false)),
          List.of(),
          true,
          false);
    }
    return told(thoughts);
  }

  private static AnswerSyntax marked(@Nullable Marks thoughts, CallMarks calls) {
    return of(thoughts, List.of(calls), List.of(), false, true);
  }

  private static AnswerSyntax told(@Nullable Marks thoughts) {
    return of(thoughts, List.of(), List.of(), true, true);
  }

  /** Any model may think without its template's knowing, as its makers say. */
  private static AnswerSyntax of(
      @Nullable Marks thoughts,
      List<CallMarks> calls,
      List<String> ignored,
      boolean bare,
      boolean several) {
    return new AnswerSyntax(
        thoughts != null, thoughts == null ? THINK : thoughts, calls, ignored, bare, several);
  }

  /** Whether an answer to this prompt begins within a thought, which the template has opened. */
  public boolean thinksAfter(String prompt) {
    return prompt.stripTrailing().endsWith(thoughts.open());
  }

  /** Whether the model is told in the system text how it calls tools, and not by its template. */
  public boolean told() {
    return calls.isEmpty();
  }

  /** All marks that a call may have. */
  List<CallMarks> allCalls() {
    return told() ? List.of(HERMES, FENCE) : calls;
  }

  /** What may begin a call, or stand around some. */
  List<String> allOpen() {
    return Stream.concat(allCalls().stream().map(CallMarks::open), ignored.stream()).toList();
  }
}
