package dev.penstock.bench.parts;

import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.WarmUp;
import dev.penstock.bench.bare.Bare;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.bare.BareSetting;
import dev.penstock.bench.peers.EmbeddingPeer;
import dev.penstock.bench.peers.PeerModel;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Texts a second beside libraries that run the same model in process: langchain4j and
 * transformers.js. {@code make bench-peers} fetches both.
 */
public final class PeersPart implements Part {
  /** langchain4j embeds longer texts in pieces, others cut them: nobody has to do either. */
  private static final int MAX_TOKENS = 128;

  private static final double MIN_COSINE = 0.999;
  private static final int BATCH = 32;

  /** As many texts as the clients of the largest shape have under way at once, or more of them. */
  private static final int STEP = 256;

  private static final int RIVALS = 2;

  /** After this no further round begins, so that the whole stays within five minutes. */
  private static final Duration LIMIT = Duration.ofMinutes(4);

  /** Embeds the texts; returns texts a second. */
  private interface Embedder {
    double run(List<String> texts, Reference reference) throws Exception;
  }

  /** One way of doing it, and how fast that was in each round. */
  private record Way(String name, Embedder embedder, List<Double> rates) {
    Way(String name, Embedder embedder) {
      this(name, embedder, new ArrayList<>());
    }

    Spread spread() {
      return Spread.of(rates);
    }

    /** How many times as fast, round by round. */
    Spread over(Way other) {
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < rates.size(); i++) {
        ratios.add(rates.get(i) / other.rates.get(i));
      }
      return Spread.of(ratios);
    }

    static Way best(List<Way> ways) {
      return ways.stream().max(Comparator.comparingDouble(way -> way.spread().median())).get();
    }
  }

  /**
   * Whom Penstock is compared with; the best of its ways counts.
   *
   * @param aim Penstock's rate over its own; 0: none
   */
  private record Rival(String name, double aim, List<Way> ways) {}

  /** The bare model's vectors of some texts. */
  private record Reference(List<String> texts, List<float[]> vectors) {

    static Reference of(BareModel bare, List<String> texts) throws Exception {
      int cores = Runtime.getRuntime().availableProcessors();
      try (ExecutorService threads = Executors.newFixedThreadPool(cores)) {
        List<Callable<float[]>> runs = new ArrayList<>();
        texts.forEach(text -> runs.add(() -> bare.run(List.of(bare.tokenise(text)))[0]));
        List<float[]> vectors = new ArrayList<>();
        for (Future<float[]> run : threads.invokeAll(runs)) {
          vectors.add(run.get());
        }
        return new Reference(texts, vectors);
      }
    }

    /** Speed counts only where all answers are there and right. */
    void check(String who, List<float[]> others) {
      if (others.size() != texts.size()) {
        throw new IllegalStateException(
            who + ": " + others.size() + " vectors of " + texts.size() + " texts");
      }
      for (int i = 0; i < others.size(); i++) {
        String what = who + ", " + texts.get(i);
        BareModel.requireAlike(what, others.get(i), vectors.get(i), MIN_COSINE);
      }
    }
  }

  @Override
  public void run(Session session) throws Exception {
    long until = System.nanoTime() + LIMIT.toNanos();
    session.say("start Penstock and its peers");
    Path model = PeerModel.write(session.scratch(), MAX_TOKENS);
    try (Server server = Server.start(session.scratch(), Server.withoutCache(Map.of()));
        Bare bare = Bare.open();
        EmbeddingPeer langchain4j = EmbeddingPeer.langchain4j(session.scratch(), model);
        EmbeddingPeer transformers = EmbeddingPeer.transformers(session.scratch(), model)) {
      List<Way> ours =
          List.of(penstock(server, 8, 32), penstock(server, 1, 32), penstock(server, BATCH, 1));
      List<Way> library =
          List.of(
              peer(langchain4j, "langchain4j, `embed` one by one", "embed"),
              peer(langchain4j, "langchain4j, `embedAll`", "embedAll"));
      Way single = peer(transformers, "transformers.js, one by one", "single");
      Way batches = peer(transformers, "transformers.js, batches of " + BATCH, "batches");

      WarmUp.run(session, server, Kind.MIXED, 8, 8, session.plan().warmUp());
      for (Way way : List.of(library.getFirst(), library.getLast(), single, batches)) {
        warmUp(session, bare.single(), way);
      }
      session.say("bare settings");
      Map<BareSetting, Double> settings = bare.tried(() -> texts(session, bare.single(), STEP / 2));
      List<Way> alone =
          settings.keySet().stream().limit(RIVALS).map(each -> bare(bare, each)).toList();
      List<Rival> rivals =
          List.of(
              new Rival("bare ONNX Runtime", 0, alone),
              new Rival("langchain4j", 1.1, library),
              new Rival("transformers.js, one by one", 1.1, List.of(single)),
              new Rival("transformers.js, batches of " + BATCH, 2.5, List.of(batches)));

      double rate = settings.values().iterator().next();
      double seconds = session.plan().span().toNanos() / 1e9;
      int count = Math.max(1, (int) (rate * seconds / STEP)) * STEP;
      List<Way> all = new ArrayList<>(ours);
      rivals.forEach(rival -> all.addAll(rival.ways()));
      rounds(session, bare.single(), all, count, until);
      describe(session, ours, rivals, count, List.of(langchain4j, transformers));
    }
  }

  private static Way penstock(Server server, int inputs, int clients) {
    String name =
        "Penstock, %d %s × %d %s"
            .formatted(
                inputs,
                inputs == 1 ? "text" : "texts",
                clients,
                clients == 1 ? "client" : "clients");
    return new Way(
        name,
        (texts, reference) -> {
          List<byte[]> requests = server.embeddings(BareModel.NAME, texts, inputs);
          Load.Result result = Load.closed(server.uri(), server.cpu(), requests, clients);
          List<float[]> vectors = new ArrayList<>();
          for (byte[] reply : result.replies()) {
            vectors.addAll(Server.vectors(reply));
          }
          reference.check(name, vectors);
          return result.perSecond(texts.size());
        });
  }

  private static Way peer(EmbeddingPeer peer, String name, String way) {
    return new Way(
        name,
        (texts, reference) -> {
          EmbeddingPeer.Embedded embedded = peer.embed(way, texts);
          reference.check(name, embedded.vectors());
          return texts.size() * 1e9 / embedded.nanos();
        });
  }

  private static Way bare(Bare bare, BareSetting setting) {
    return new Way(
        "bare ONNX Runtime, " + setting.name(),
        (texts, reference) -> bare.textsPerSecond(setting, texts));
  }

  private static void warmUp(Session session, BareModel bare, Way way) throws Exception {
    session.say("warm-up: " + way.name());
    long start = System.nanoTime();
    while (System.nanoTime() - start < session.plan().warmUp().toNanos() / 2) {
      List<String> texts = texts(session, bare, 2 * BATCH);
      double _ = way.embedder().run(texts, Reference.of(bare, texts));
    }
  }

  private static void rounds(Session session, BareModel bare, List<Way> ways, int count, long until)
      throws Exception {
    for (int i = 0; i < session.plan().rounds(); i++) {
      if (i > 0 && (session.late() || System.nanoTime() - until > 0)) {
        session.say("no time for round " + (i + 1));
        return;
      }
      List<String> texts = texts(session, bare, count);
      Reference reference = Reference.of(bare, texts);
      for (Way way : i % 2 == 0 ? ways : ways.reversed()) {
        session.say(way.name() + ", round " + (i + 1));
        way.rates().add(way.embedder().run(texts, reference));
      }
    }
  }

  private static List<String> texts(Session session, BareModel bare, int count) {
    return session.texts().take(Kind.MIXED, count).stream().map(text -> cut(bare, text)).toList();
  }

  /** Every word has a token or more. */
  private static String cut(BareModel bare, String text) {
    int over = bare.tokenise(text).length - MAX_TOKENS;
    if (over <= 0) {
      return text;
    }
    List<String> words = Arrays.asList(text.split(" "));
    return String.join(" ", words.subList(0, words.size() - over));
  }

  private static void describe(
      Session session, List<Way> ours, List<Rival> rivals, int count, List<EmbeddingPeer> peers) {
    Way best = Way.best(ours);
    var table = new Report.Table("mixed texts", "Penstock's best over it, ×", "texts/s", "rounds");
    for (Way way : ours) {
      table.row(
          way.name(), way.equals(best) ? "(its best)" : "", way.spread().text(0), rounds(way));
    }
    for (Rival rival : rivals) {
      if (rival.aim() > 0) {
        session
            .report()
            .aim(
                Aim.atLeast("mixed texts, Penstock's best over " + rival.name(), rival.aim(), "×"),
                best.over(Way.best(rival.ways())).median());
      }
      for (Way way : rival.ways()) {
        table.row(way.name(), best.over(way).text(2), way.spread().text(0), rounds(way));
      }
    }
    session
        .report()
        .section(
            "Beside langchain4j and transformers.js",
            """
            The same ONNX file, the same tokenizer.json, mean pooling, length 1. Each round gives
            the same %d texts, none of more than %d tokens, to all of them, in turns and in an order
            that is reversed every round. Median (min–max); the ratio is taken round by round. The
            vectors of all but the bare model are compared with its own (cosine ≥ %s).

            Penstock is asked over HTTP, with default settings but for the cache. The peers have all texts in their
            memory from the start, in a process each, and their clocks stop when they have the
            vectors. Both have their own default settings. langchain4j: a run for each text, over as
            many threads as ONNX Runtime takes by itself, and for `embedAll` a pool of a thread a
            core; the JVM chooses the heap, as for Penstock. transformers.js: `fp32` on the CPU,
            batches in the order of the texts. The bare model knows all texts at once, under
            the two of its settings that were best in a trial.

            - %s: Penstock's ONNX Runtime
            - %s: an ONNX Runtime of its own
            """
                .formatted(
                    count,
                    MAX_TOKENS,
                    MIN_COSINE,
                    peers.getFirst().versions(),
                    peers.getLast().versions()),
            table);
  }

  private static int rounds(Way way) {
    return way.rates().size();
  }
}
