package dev.penstock.engine.llama;

import dev.penstock.core.InvalidInput;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.EngineStopped;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.Generator;
import dev.penstock.engine.ModelFailure;
import dev.penstock.task.TaskError;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** An open GGUF model: its template, its slots and its process. */
final class LlamaGenerator implements Generator {
  /** How llama.cpp's own programs choose, where neither request nor model says. */
  private static final double TEMPERATURE = 0.8;

  private static final double TOP_P = 0.95;
  private static final int TOP_K = 40;
  private static final double MIN_P = 0.05;

  private final String name;
  private final String device;
  private final LivingModel model;
  private final ModelInfo info;
  private final ChatPrompt chat;
  private final String fingerprint;
  private final SlotTurns turns;

  /**
   * @param device what it runs on, for people
   * @param fingerprint equal for equal files
   */
  LlamaGenerator(
      String name,
      String device,
      LivingModel model,
      ModelInfo info,
      ChatPrompt chat,
      String fingerprint) {
    this.name = name;
    this.device = device;
    this.model = model;
    this.info = info;
    this.chat = chat;
    this.fingerprint = fingerprint;
    turns = new SlotTurns(info.slots());
  }

  @Override
  public GenerationEnd generate(GenerationRequest request, Asker asker)
      throws InterruptedException, ModelFailure {
    requireKnown(request);
    List<Integer> prompt = prompt(request.prompt(), asker);
    int room = info.context() - prompt.size();
    Integer asked = request.mostTokens();
    int most = asked == null ? room : Math.min(asked, room);
    List<Sampling> samplings =
        IntStream.range(0, request.choices())
            .mapToObj(choice -> sampling(request.sampling(), choice))
            .toList();
    return new Answering(name, model, turns, prompt, most, samplings, request.stops(), asker).run();
  }

  private void requireKnown(GenerationRequest request) {
    if (!(request.format() instanceof Format.Text)) {
      throw new InvalidInput(
          "response_format", "model " + name + " cannot be held to any form of answer");
    }
    if (request.topLogprobs() != null) {
      throw new InvalidInput("logprobs", "model " + name + " tells no chances of its tokens");
    }
    for (int token : request.sampling().bias().keySet()) {
      if (token < 0 || token >= info.vocabulary()) {
        throw new InvalidInput(
            "logit_bias",
            "%d is no token of model %s: they go from 0 to %d"
                .formatted(token, name, info.vocabulary() - 1));
      }
    }
    if (request.mostTokens() != null && request.mostTokens() < 1) {
      throw new InvalidInput("max_tokens", "an answer has at least one token");
    }
    try {
      var _ = new Generation(0, List.of(0), List.of(), 1, Sampling.GREEDY, request.stops());
    } catch (IllegalArgumentException e) {
      throw new InvalidInput("stop", String.valueOf(e.getMessage()));
    }
  }

  private static Sampling sampling(GenerationRequest.Sampling asked, int choice) {
    Map<Integer, Float> bias = new HashMap<>();
    asked.bias().forEach((token, value) -> bias.put(token, value.floatValue()));
    try {
      return new Sampling(
          number(asked.temperature(), TEMPERATURE),
          asked.topK() == null ? TOP_K : asked.topK(),
          number(asked.topP(), TOP_P),
          number(asked.minP(), MIN_P),
          number(asked.presence(), 0),
          number(asked.frequency(), 0),
          bias,
          asked.seed(),
          choice);
    } catch (IllegalArgumentException e) {
      throw new InvalidInput(String.valueOf(e.getMessage()));
    }
  }

  private static float number(@Nullable Double given, double otherwise) {
    return (float) (given == null ? otherwise : given);
  }

  private List<Integer> prompt(Prompt prompt, Asker asker)
      throws InterruptedException, ModelFailure {
    String field = prompt instanceof Prompt.Chat ? "messages" : "prompt";
    String text =
        switch (prompt) {
          case Prompt.Chat conversation -> chat.render(conversation, asker.asked());
          case Prompt.Text(var given) -> given;
        };
    // A template may have written the first token itself.
    boolean begins =
        prompt instanceof Prompt.Chat
            && !info.beginText().isEmpty()
            && text.startsWith(info.beginText());
    requireShort(text);
    List<Integer> tokens = tokenise(field, text, !begins);
    if (tokens.isEmpty()) {
      throw new InvalidInput(field, "the prompt is empty");
    }
    if (tokens.size() >= info.context()) {
      throw tooLong(Integer.toString(tokens.size()));
    }
    return tokens;
  }

  /** So that no text costs more than the longest that fits: no token stands for more bytes. */
  private void requireShort(String text) {
    long least =
        Math.ceilDiv((long) text.getBytes(StandardCharsets.UTF_8).length, info.longestToken());
    if (least >= info.context()) {
      throw tooLong("at least " + least);
    }
    if (text.length() > LlamaProcess.LONGEST_TEXT) {
      throw new InvalidInput(
          TaskError.Code.CONTEXT_LENGTH_EXCEEDED,
          "the prompt has %d characters, and no more than %d are read"
              .formatted(text.length(), LlamaProcess.LONGEST_TEXT));
    }
  }

  private InvalidInput tooLong(String tokens) {
    return new InvalidInput(
        TaskError.Code.CONTEXT_LENGTH_EXCEEDED,
        "the prompt has %s tokens, and model %s has room for %d, at least one of which is the answer's"
            .formatted(tokens, name, info.context()));
  }

  private List<Integer> tokenise(String field, String text, boolean addSpecial)
      throws InterruptedException, ModelFailure {
    for (int deaths = 0; ; ) {
      int opened = model.times();
      try {
        return model.process().tokenise(text, addSpecial, true);
      } catch (LlamaProcess.Died e) {
        if (!e.reason().equals(LlamaProcess.NOT_OPEN)) {
          model.died(e.reason());
          deaths++;
        }
        if (model.closed()) {
          throw new ModelFailure(name, new EngineStopped());
        }
        if (deaths == 2) {
          throw new ModelFailure(name, e);
        }
        reopen(opened);
      } catch (LlamaFailure e) {
        throw new InvalidInput(field, e.reason());
      }
    }
  }

  private void reopen(int opened) throws InterruptedException, ModelFailure {
    try {
      var _ = model.open(opened);
    } catch (LlamaFailure e) {
      throw new ModelFailure(name, model.closed() ? new EngineStopped() : e);
    }
  }

  @Override
  public String resumes() {
    return fingerprint;
  }

  @Override
  public int slots() {
    return info.slots();
  }

  @Override
  public EngineStatus status() {
    return new EngineStatus(
        name,
        model.isOpening() ? EngineStatus.State.OPENING : EngineStatus.State.READY,
        device,
        info.slots(),
        model.plan().step(),
        turns.waitingTokens(),
        "");
  }

  /** What runs ends with its process, and goes on elsewhere from its tokens. */
  @Override
  public void close() {
    turns.close();
    model.close();
  }
}
