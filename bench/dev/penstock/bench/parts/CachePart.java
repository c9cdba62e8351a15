package dev.penstock.bench.parts;

import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.WarmUp;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Texts that are sent again, with the cache of vectors and without it. */
public final class CachePart implements Part {
  private static final int INPUTS = 8;
  private static final int CLIENTS = 8;
  private static final int REQUESTS = 96;

  /** Of so many texts, how many have been sent before. */
  private static final int OF = 4;

  private static final List<Integer> REPEATED = List.of(0, 1, 2, 4);

  /** Some become tasks, and are looked for again when those are put back. */
  private static final double MOST_OFF = 0.02;

  private static final double MOST_DIFFERENCE = 1e-4;

  /** What was measured of one share of repeated texts. */
  private record Rates(List<Double> without, List<Double> with, List<Double> ratios) {
    Rates() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  @Override
  public void run(Session session) throws Exception {
    // What does become a task is not to stand in for the next one of its content.
    Map<String, String> forgetful = Map.of("SYNC_TTL", "100ms");
    try (Server without = Server.start(session.scratch(), Server.withoutCache(forgetful));
        Server with = Server.start(session.scratch(), forgetful);
        var api = new Api(with.uri(), PenstockProcess.KEY)) {
      for (Server server : List.of(without, with)) {
        WarmUp.run(session, server, Kind.MIXED, INPUTS, CLIENTS, session.plan().warmUp());
      }
      List<String> known = session.texts().take(Kind.MIXED, INPUTS * REQUESTS);
      var _ = rate(with, known);
      var table =
          new Report.Table(
              "texts sent before",
              "with / without",
              "texts/s with the cache",
              "texts/s without",
              "hits",
              "runs");
      for (int repeated : REPEATED) {
        Rates rates = new Rates();
        double hits = hits(api);
        for (int i = 0; i < session.plan().rounds(); i++) {
          session.say("%d of %d texts sent before, run %d".formatted(repeated, OF, i + 1));
          round(without, with, texts(session, known, repeated), i, rates);
        }
        double texts = (double) known.size() * session.plan().rounds();
        double share = (hits(api) - hits) / texts;
        if (Math.abs(share - (double) repeated / OF) > MOST_OFF) {
          throw new IllegalStateException(
              "%d of %d were sent before, and %.3f were hits".formatted(repeated, OF, share));
        }
        table.row(
            "%d %%".formatted(100 * repeated / OF),
            Spread.of(rates.ratios).text(2),
            Spread.of(rates.with).text(0),
            Spread.of(rates.without).text(0),
            "%.0f %%".formatted(100 * share),
            rates.ratios.size());
      }
      session
          .report()
          .section(
              "Texts sent again",
              """
              %d texts of mixed length a request, %d clients, closed loop, to two servers in turns: one
              with the cache of vectors that is there by default, one without. Of all texts some had
              been sent before. Vectors from both are compared. Median (min–max).
              """
                  .formatted(INPUTS, CLIENTS),
              table);
    }
  }

  private static double hits(Api api) throws Exception {
    return api.metric("penstock_cache_gets_total{result=\"hit\"");
  }

  /** So many of four texts from those that are known, the others new. */
  private static List<String> texts(Session session, List<String> known, int repeated) {
    List<String> texts = new ArrayList<>(known);
    for (int i = 0; i < texts.size(); i++) {
      if (i % OF >= repeated) {
        texts.set(i, session.texts().take(Kind.MIXED, 1).getFirst());
      }
    }
    return texts;
  }

  private static void round(Server without, Server with, List<String> texts, int turn, Rates rates)
      throws Exception {
    Measured first = rate(turn % 2 == 0 ? without : with, texts);
    TimeUnit.MILLISECONDS.sleep(100);
    Measured second = rate(turn % 2 == 0 ? with : without, texts);
    Measured plain = turn % 2 == 0 ? first : second;
    Measured cached = turn % 2 == 0 ? second : first;
    rates.without.add(plain.rate());
    rates.with.add(cached.rate());
    rates.ratios.add(cached.rate() / plain.rate());
    same(plain.reply(), cached.reply());
  }

  /** Texts a second, and one of the replies. */
  private record Measured(double rate, byte[] reply) {}

  private static Measured rate(Server server, List<String> texts) throws Exception {
    Load.Result result =
        Load.closed(
            server.uri(), server.cpu(), server.embeddings(BareModel.NAME, texts, INPUTS), CLIENTS);
    return new Measured(result.perSecond(texts.size()), result.replies().getFirst());
  }

  private static void same(byte[] one, byte[] other) throws Exception {
    List<float[]> ones = Server.vectors(one);
    List<float[]> others = Server.vectors(other);
    for (int i = 0; i < INPUTS; i++) {
      for (int d = 0; d < ones.get(i).length; d++) {
        if (Math.abs(ones.get(i)[d] - others.get(i)[d]) > MOST_DIFFERENCE) {
          throw new IllegalStateException("the servers' vectors of a text differ");
        }
      }
    }
  }
}
