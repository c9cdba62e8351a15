package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToDoubleFunction;

/** What the program itself costs for each text, with a model that costs nothing. */
public final class NullPart implements Part {
  private static final int INPUTS = 256;
  private static final int CLIENTS = 4;

  /** Requests of a round and client. */
  private static final int REQUESTS = 24;

  private static final double AIM_IDS = 50_000;
  private static final double AIM_TEXTS = 80;

  private static final ToDoubleFunction<Round> RATE = Round::textsPerSecond;

  /** One measurement of a way. */
  private record Round(double textsPerSecond, double cpuMicros, double bytes) {}

  /** Makes the requests of a round. */
  private interface Requests {
    List<byte[]> make(Session session, Server server);
  }

  /** What is sent to whom, and what came of it. */
  private record Way(String name, Server server, Requests requests, List<Round> rounds) {
    Way(String name, Server server, Requests requests) {
      this(name, server, requests, new ArrayList<>());
    }

    Round measure(Session session) throws Exception {
      return NullPart.measure(server, requests.make(session, server));
    }

    Spread spread(ToDoubleFunction<Round> figure) {
      return Spread.of(rounds.stream().map(figure::applyAsDouble).toList());
    }
  }

  @Override
  public void run(Session session) throws Exception {
    NullModel model = NullModel.write(session.scratch().resolve("null-model"));
    Map<String, String> tasks = model.settings(Map.of("EMBEDDING_DIRECT", "false"));
    try (Server direct = Server.start(session.scratch(), model.settings(Map.of()));
        Server durable = Server.start(session.scratch(), tasks);
        BareModel bare = BareModel.open(1)) {
      Way ids = new Way("token ids, nothing stored", direct, NullPart::ids);
      Way text = new Way("text, nothing stored", direct, NullPart::text);
      Way task = new Way("text, each request a task", durable, NullPart::text);
      List<Way> ways = List.of(ids, text, task);
      long start = System.nanoTime();
      while (System.nanoTime() - start < 2 * session.plan().warmUp().toNanos()) {
        for (Way way : ways) {
          way.measure(session);
        }
      }
      List<Double> tokenizer = new ArrayList<>();
      List<Double> ofTokenizer = new ArrayList<>();
      for (int i = 0; i < 2 * session.plan().rounds(); i++) {
        session.say("null model, round " + (i + 1));
        for (Way way : i % 2 == 0 ? ways : ways.reversed()) {
          way.rounds().add(way.measure(session));
        }
        double rate = tokenise(bare, texts(session));
        tokenizer.add(rate);
        ofTokenizer.add(100 * text.rounds().getLast().textsPerSecond() / rate);
      }
      aim(session, "null model, from token ids", AIM_IDS, "texts/s", ids.spread(RATE));
      aim(
          session,
          "null model, from text, of the bare tokenizer",
          AIM_TEXTS,
          "%",
          Spread.of(ofTokenizer));
      describe(session, ways, Spread.of(tokenizer));
    }
  }

  private static void aim(
      Session session, String figure, double least, String unit, Spread measured) {
    session.report().aim(Aim.atLeast(figure, least, unit), measured.median());
  }

  private static List<String> texts(Session session) {
    return session.texts().take(Kind.MIXED, INPUTS * CLIENTS * REQUESTS);
  }

  private static List<byte[]> text(Session session, Server server) {
    return server.embeddings(NullModel.NAME, texts(session), INPUTS);
  }

  /** As many lists of ids as a text of their kind has tokens, unlike each other. */
  private static List<byte[]> ids(Session session, Server server) {
    List<byte[]> requests = new ArrayList<>();
    List<String> texts = texts(session);
    for (int from = 0; from < texts.size(); from += INPUTS) {
      ObjectNode body =
          Api.JSON.createObjectNode().put("model", NullModel.NAME).put("encoding_format", "base64");
      ArrayNode input = body.putArray("input");
      for (String text : texts.subList(from, from + INPUTS)) {
        ArrayNode list = input.addArray();
        for (String word : text.split(" ", -1)) {
          list.add(1_000 + Math.floorMod(word.hashCode(), 28_000));
        }
      }
      requests.add(server.post("/v1/embeddings", body.toString()));
    }
    return requests;
  }

  private static Round measure(Server server, List<byte[]> requests) throws Exception {
    int texts = requests.size() * INPUTS;
    try (var api = new Api(server.uri(), PenstockProcess.KEY)) {
      double before = api.metric("jvm_gc_memory_allocated_bytes_total");
      Load.Result result = Load.closed(server.uri(), server.cpu(), requests, CLIENTS);
      double allocated = api.metric("jvm_gc_memory_allocated_bytes_total") - before;
      double micros =
          result.cpu().server()
              * Runtime.getRuntime().availableProcessors()
              * (result.nanos() / 1e3)
              / texts;
      return new Round(result.perSecond(texts), micros, allocated / texts);
    }
  }

  /** The bare tokenizer on every core. */
  private static double tokenise(BareModel bare, List<String> texts) throws Exception {
    int cores = Runtime.getRuntime().availableProcessors();
    try (ExecutorService threads = Executors.newFixedThreadPool(cores)) {
      List<Callable<Integer>> parts = new ArrayList<>();
      int each = Math.ceilDiv(texts.size(), cores);
      for (int from = 0; from < texts.size(); from += each) {
        List<String> part = texts.subList(from, Math.min(texts.size(), from + each));
        parts.add(() -> part.stream().mapToInt(text -> bare.tokenise(text).length).sum());
      }
      long start = System.nanoTime();
      for (var tokens : threads.invokeAll(parts)) {
        if (tokens.get() < texts.size()) {
          throw new IllegalStateException("texts without tokens");
        }
      }
      return texts.size() * 1e9 / (System.nanoTime() - start);
    }
  }

  private static void describe(Session session, List<Way> ways, Spread tokenizer) {
    var table =
        new Report.Table("from", "texts/s", "CPU µs a text", "bytes allocated a text", "rounds");
    for (Way way : ways) {
      table.row(
          way.name(),
          way.spread(RATE).text(0),
          way.spread(Round::cpuMicros).text(1),
          way.spread(Round::bytes).text(0),
          way.rounds().size());
    }
    table.row("text, the bare tokenizer alone", tokenizer.text(0), "", "", tokenizer.runs());
    session
        .report()
        .section(
            "A model that costs nothing",
            """
            %d inputs of mixed length a request, base64, %d clients, closed loop; the model looks one
            vector up for each text, so what is measured is all the rest: HTTP, JSON, tokens,
            batches, vectors. In turns and in an order that is reversed every round, beside the bare
            tokenizer on every core. Median (min–max). The generator, which only sends and reads,
            shares the machine.
            """
                .formatted(INPUTS, CLIENTS),
            table);
  }
}
