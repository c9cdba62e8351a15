package dev.penstock.engine.script;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationEnd.Reason;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.Generator;
import dev.penstock.engine.ModelFailure;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskError;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An open script. Its tokens are the words of its text, by their places. */
public final class Script implements Generator {
  private static final Pattern WORDS = Pattern.compile("(?<= )");

  private final ScriptBackend backend;
  private final String model;
  private final boolean resumes;
  private final int context;

  Script(ScriptBackend backend, String model, boolean resumes, int context) {
    this.backend = backend;
    this.model = model;
    this.resumes = resumes;
    this.context = context;
  }

  @Override
  public GenerationEnd generate(GenerationRequest request, Asker asker)
      throws InterruptedException, ModelFailure {
    backend.asked.add(request);
    backend.before.add(asker.before());
    Iterator<String> unknown = request.passed().fieldNames();
    if (unknown.hasNext()) {
      throw new InvalidInput("'" + unknown.next() + "' is nothing that this model does.");
    }
    int prompt = words(request.prompt());
    if (prompt > context) {
      throw new InvalidInput(
          TaskError.Code.CONTEXT_LENGTH_EXCEEDED,
          "the prompt has %d tokens, and the model reads %d".formatted(prompt, context));
    }
    backend.running.incrementAndGet();
    try {
      return tell(request, asker, prompt);
    } finally {
      backend.running.decrementAndGet();
    }
  }

  private static List<String> words(String text) {
    return WORDS.splitAsStream(text).toList();
  }

  private static int words(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(var text) -> words(text).size();
      case Prompt.Chat(var messages, _) -> {
        int words = 0;
        for (var message : messages) {
          words += words(message.path("content").asText("")).size();
        }
        yield words;
      }
    };
  }

  private GenerationEnd tell(GenerationRequest request, Asker asker, int prompt)
      throws InterruptedException, ModelFailure {
    if (request.prompt() instanceof Prompt.Chat(_, var tools)
        && tools.choice() == Tools.Choice.NAMED) {
      asker.begun();
      asker.piece(new GenerationPiece(0, new int[] {1}, "", "", call(tools), null));
      return end(List.of(Reason.TOOL_CALLS), prompt, 1);
    }
    List<String> words = words(backend.text);
    List<Reason> reasons = new ArrayList<>();
    int told = 0;
    asker.begun();
    for (int choice = 0; choice < request.choices(); choice++) {
      int known = asker.before().isEmpty() ? 0 : asker.before().get(choice).length;
      Integer most = request.mostTokens();
      int count = most == null ? words.size() : Math.min(most, words.size());
      for (int i = 0; i < count; i++) {
        if (i >= known) {
          backend.step.word(told);
        }
        told++;
        asker.piece(piece(request, choice, i, words.get(i)));
      }
      reasons.add(count < words.size() ? Reason.LENGTH : Reason.STOP);
    }
    return end(reasons, prompt, told);
  }

  private static GenerationPiece piece(
      GenerationRequest request, int choice, int place, String word) {
    ArrayNode logprobs = null;
    if (request.topLogprobs() != null) {
      logprobs = StrictJson.nodes().arrayNode();
      logprobs.addObject().put("token", word).put("logprob", -0.5).putArray("top_logprobs");
    }
    boolean thought = word.startsWith("(");
    return new GenerationPiece(
        choice, new int[] {place + 1}, thought ? "" : word, thought ? word : "", null, logprobs);
  }

  private static ArrayNode call(Tools tools) {
    ArrayNode calls = StrictJson.nodes().arrayNode();
    calls
        .addObject()
        .put("index", 0)
        .put("id", "call_1")
        .put("type", "function")
        .putObject("function")
        .put("name", tools.name())
        .put("arguments", "{\"city\":\"Paris\"}");
    return calls;
  }

  private static GenerationEnd end(List<Reason> reasons, int prompt, int told) {
    return new GenerationEnd(reasons, prompt, 0, told, 0, "script");
  }

  @Override
  public @Nullable String resumes() {
    return resumes ? "script of " + model : null;
  }

  @Override
  public int slots() {
    return 64;
  }

  @Override
  public EngineStatus status() {
    return new EngineStatus(model, EngineStatus.State.READY, "paper", 1, 0, 0, "");
  }

  @Override
  public void close() {}
}
