package dev.penstock.engine.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.engine.BackendTrouble;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationEnd.Reason;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.engine.Generator.Asker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a server has said so far, told to whoever asked. */
final class Answer {
  private static final int[] NO_IDS = {};

  private final Asker asker;
  private final @Nullable Reason[] reasons;
  private final boolean[] calls;
  private final Halves[] contents;
  private final Halves[] reasonings;
  private int told;
  private int reasoned;
  private boolean counted;
  private int promptTokens;
  private int cachedTokens;
  private int answerTokens;
  private int reasoningTokens;

  /** A text that may come with half a character at its end. */
  private static final class Halves {
    private String half = "";

    String whole(String part) {
      String text = half + part;
      boolean cut = !text.isEmpty() && Character.isHighSurrogate(text.charAt(text.length() - 1));
      half = cut ? text.substring(text.length() - 1) : "";
      return cut ? text.substring(0, text.length() - 1) : text;
    }
  }

  Answer(int choices, Asker asker) {
    this.asker = asker;
    reasons = new @Nullable Reason[choices];
    calls = new boolean[choices];
    contents = halves(choices);
    reasonings = halves(choices);
  }

  private static Halves[] halves(int choices) {
    Halves[] halves = new Halves[choices];
    Arrays.setAll(halves, _ -> new Halves());
    return halves;
  }

  /** A part of one of the answers. */
  void tell(
      int choice,
      String content,
      String reasoning,
      @Nullable ArrayNode toolCalls,
      @Nullable ArrayNode logprobs)
      throws BackendTrouble {
    requireAsked(choice);
    boolean anyCalls = toolCalls != null && !toolCalls.isEmpty();
    boolean anyLogprobs = logprobs != null && !logprobs.isEmpty();
    if (content.isEmpty() && reasoning.isEmpty() && !anyCalls && !anyLogprobs) {
      return;
    }
    asker.begun();
    told++;
    reasoned += reasoning.isEmpty() ? 0 : 1;
    calls[choice] |= anyCalls;
    asker.piece(
        new GenerationPiece(
            choice,
            NO_IDS,
            contents[choice].whole(content),
            reasonings[choice].whole(reasoning),
            anyCalls ? toolCalls : null,
            anyLogprobs ? logprobs : null));
  }

  void ended(int choice, Reason reason) throws BackendTrouble {
    requireAsked(choice);
    reasons[choice] = reason == Reason.STOP && calls[choice] ? Reason.TOOL_CALLS : reason;
  }

  private void requireAsked(int choice) throws BackendTrouble {
    if (choice < 0 || choice >= reasons.length) {
      throw BackendTrouble.other("it sent an answer that nobody asked for");
    }
  }

  /** What the server has counted. */
  void usage(int prompt, int cached, int answer, int reasoning) {
    counted = true;
    promptTokens = Math.max(0, prompt);
    cachedTokens = Math.max(0, cached);
    answerTokens = Math.max(0, answer);
    reasoningTokens = Math.max(0, reasoning);
  }

  boolean toldAnything() {
    return told > 0;
  }

  /** Whether all answers have ended. */
  boolean whole() {
    return Arrays.stream(reasons).allMatch(reason -> reason != null);
  }

  /** The server says that it is done: an answer that has begun has ended, too. */
  void close() {
    if (reasons.length == 1 && reasons[0] == null && told > 0) {
      reasons[0] = calls[0] ? Reason.TOOL_CALLS : Reason.STOP;
    }
  }

  /** Where the server did not count tokens, each piece counts as one. */
  GenerationEnd end(String backend) {
    List<Reason> all = new ArrayList<>();
    for (Reason reason : reasons) {
      all.add(reason == null ? Reason.STOP : reason);
    }
    return new GenerationEnd(
        all,
        promptTokens,
        cachedTokens,
        counted ? answerTokens : told,
        counted ? reasoningTokens : reasoned,
        backend);
  }
}
