package dev.penstock.engine.llama;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What node and child say to each other in one turn, as bytes. Both are of the same version. */
final class Messages {
  private Messages() {}

  /**
   * What the node says.
   *
   * @param patience how long the child waits for something to tell
   */
  record Turn(List<ToChild> said, Duration patience) {}

  /** What the child says. */
  record News(List<ToNode> said, SlotLoop.Health health) {}

  static byte[] write(Turn turn) {
    return new MessageOut()
        .all(turn.said(), Messages::write)
        .longNumber(turn.patience().toNanos())
        .message();
  }

  static Turn turn(byte[] message) throws IOException {
    var in = new MessageIn(message);
    return new Turn(in.all(Messages::toChild), Duration.ofNanos(in.longNumber()));
  }

  static byte[] write(News news) {
    return new MessageOut()
        .all(news.said(), Messages::write)
        .longNumber(news.health().steps())
        .longNumber(news.health().stepNanos())
        .message();
  }

  static News news(byte[] message) throws IOException {
    var in = new MessageIn(message);
    return new News(
        in.all(Messages::toNode), new SlotLoop.Health(in.longNumber(), in.longNumber()));
  }

  private static void write(MessageOut out, ToChild said) {
    switch (said) {
      case ToChild.Open(var library, var variant, var plan) ->
          write(out.text("open").text(library).maybe(variant), plan);
      case ToChild.Generate(var generation) -> write(out.text("generate"), generation);
      case ToChild.Cancel(long id) -> out.text("cancel").longNumber(id);
      case ToChild.Tokenise(long id, var text, boolean add, boolean parse) ->
          out.text("tokenise").longNumber(id).text(text).flag(add).flag(parse);
    }
  }

  private static ToChild toChild(MessageIn in) throws IOException {
    String word = in.text();
    return switch (word) {
      case "open" -> new ToChild.Open(in.text(), in.maybe(), plan(in));
      case "generate" -> new ToChild.Generate(generation(in));
      case "cancel" -> new ToChild.Cancel(in.longNumber());
      case "tokenise" -> new ToChild.Tokenise(in.longNumber(), in.text(), in.flag(), in.flag());
      default -> throw new IOException("nothing is called " + word);
    };
  }

  private static void write(MessageOut out, ToNode said) {
    switch (said) {
      case ToNode.Loading(float part) -> out.text("loading").real(part);
      case ToNode.Opened(var info) -> write(out.text("opened"), info);
      case ToNode.CannotOpen(var reason, boolean unfit) ->
          out.text("closed").text(reason).flag(unfit);
      case ToNode.Tokens(long id, var tokens) -> out.text("tokens").longNumber(id).numbers(tokens);
      case ToNode.NoTokens(long id, var reason) -> out.text("none").longNumber(id).text(reason);
      case ToNode.Piece(long id, int token, var text) ->
          out.text("piece").longNumber(id).number(token).text(text);
      case ToNode.Ended(long id, var ending) ->
          out.text("ended")
              .longNumber(id)
              .text(ending.cause().name())
              .text(ending.rest())
              .text(ending.reason());
    }
  }

  private static ToNode toNode(MessageIn in) throws IOException {
    String word = in.text();
    return switch (word) {
      case "loading" -> new ToNode.Loading(in.real());
      case "opened" -> new ToNode.Opened(info(in));
      case "closed" -> new ToNode.CannotOpen(in.text(), in.flag());
      case "tokens" -> new ToNode.Tokens(in.longNumber(), in.numbers());
      case "none" -> new ToNode.NoTokens(in.longNumber(), in.text());
      case "piece" -> new ToNode.Piece(in.longNumber(), in.number(), in.text());
      case "ended" ->
          new ToNode.Ended(
              in.longNumber(), new Ending(Ending.Cause.valueOf(in.text()), in.text(), in.text()));
      default -> throw new IOException("nothing is called " + word);
    };
  }

  private static void write(MessageOut out, ModelPlan plan) {
    out.text(plan.file())
        .number(plan.slots())
        .number(plan.context())
        .number(plan.step())
        .number(plan.threads())
        .number(plan.gpuLayers())
        .flag(plan.fullCache());
  }

  private static ModelPlan plan(MessageIn in) throws IOException {
    return new ModelPlan(
        in.text(), in.number(), in.number(), in.number(), in.number(), in.number(), in.flag());
  }

  private static void write(MessageOut out, ModelInfo info) {
    out.text(info.description())
        .text(info.architecture())
        .number(info.vocabulary())
        .number(info.trainedContext())
        .number(info.context())
        .number(info.slots())
        .longNumber(info.weightBytes())
        .longNumber(info.cacheBytes())
        .number(info.begin())
        .flag(info.addsBegin())
        .text(info.beginText())
        .text(info.endText())
        .number(info.longestToken())
        .maybe(info.chatTemplate());
  }

  private static ModelInfo info(MessageIn in) throws IOException {
    return new ModelInfo(
        in.text(),
        in.text(),
        in.number(),
        in.number(),
        in.number(),
        in.number(),
        in.longNumber(),
        in.longNumber(),
        in.number(),
        in.flag(),
        in.text(),
        in.text(),
        in.number(),
        in.maybe());
  }

  private static void write(MessageOut out, Generation generation) {
    out.longNumber(generation.id())
        .numbers(generation.prompt())
        .numbers(generation.before())
        .number(generation.heard())
        .number(generation.most());
    write(out, generation.sampling());
    out.all(generation.stops(), MessageOut::text);
  }

  private static Generation generation(MessageIn in) throws IOException {
    return new Generation(
        in.longNumber(),
        in.numbers(),
        in.numbers(),
        in.number(),
        in.number(),
        sampling(in),
        in.all(MessageIn::text));
  }

  private static void write(MessageOut out, Sampling sampling) {
    out.real(sampling.temperature())
        .number(sampling.topK())
        .real(sampling.topP())
        .real(sampling.minP())
        .real(sampling.presence())
        .real(sampling.frequency())
        .all(
            sampling.bias().entrySet(),
            (to, entry) -> to.number(entry.getKey()).real(entry.getValue()))
        .longNumber(sampling.seed())
        .number(sampling.choice());
  }

  private static Sampling sampling(MessageIn in) throws IOException {
    return new Sampling(
        in.real(),
        in.number(),
        in.real(),
        in.real(),
        in.real(),
        in.real(),
        bias(in),
        in.longNumber(),
        in.number());
  }

  private static Map<Integer, Float> bias(MessageIn in) throws IOException {
    Map<Integer, Float> bias = new HashMap<>();
    in.all(each -> bias.put(each.number(), each.real()));
    return bias;
  }
}
