package dev.penstock.api;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request;
import dev.penstock.bus.Request.ReadClusterHealth;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.core.Part;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * {@code /health}: is the process alive, is it ready for work, and which part is not. Anybody may
 * ask, so the parts are looked at once a second at most.
 */
final class HealthResource {
  private static final Duration PART_LIMIT = Duration.ofSeconds(2);
  private static final long FRESH = Duration.ofSeconds(1).toNanos();

  /** Bad news is looked at again sooner: somebody waits for it to pass. */
  private static final long FRESH_TROUBLE = Duration.ofMillis(100).toNanos();

  private static final String WELL = "works";
  private static final String DEGRADED = "degraded; with a key this says why";
  private static final String NOT_WELL = "does not work; with a key this says why";

  private final Bus bus;
  private final boolean takesRequests;
  private final BooleanSupplier stopping;
  private final ReentrantLock lock = new ReentrantLock();
  private List<Part> parts = List.of();
  private long looked;

  /**
   * @param takesRequests whether work comes in here; else it runs what others took in
   */
  HealthResource(Bus bus, boolean takesRequests, BooleanSupplier stopping) {
    this.bus = bus;
    this.takesRequests = takesRequests;
    this.stopping = stopping;
  }

  /** In one word. */
  private enum Word {
    OK,
    /** It works, but not for everything: no reason to ask elsewhere. */
    DEGRADED,
    UNAVAILABLE
  }

  Reply summary(Exchange exchange) throws InterruptedException {
    return reply(word(), List.of());
  }

  Reply live(Exchange exchange) {
    return reply(Word.OK, List.of());
  }

  Reply ready(Exchange exchange) throws InterruptedException {
    Word word = word();
    var all = new ArrayList<Part>();
    boolean stops = stopping.getAsBoolean();
    String takes = takesRequests ? "takes requests" : "runs tasks that other nodes take";
    all.add(
        new Part(
            takesRequests ? "http" : "node",
            !stops,
            stops ? "stopping: takes no new work" : takes));
    all.addAll(parts());
    return reply(word, exchange.known().isPresent() ? all : withoutNames(all));
  }

  /**
   * One part of each sort, without what it says: names of models and plugins, and what is wrong
   * with them, are for those who have a key.
   */
  private static List<Part> withoutNames(List<Part> parts) {
    Map<String, List<Part>> sorts = new LinkedHashMap<>();
    for (Part part : parts) {
      String sort = part.name().substring(0, (part.name() + " ").indexOf(' '));
      sorts.computeIfAbsent(sort, _ -> new ArrayList<>()).add(part);
    }
    return sorts.entrySet().stream()
        .map(sort -> withoutNames(sort.getKey(), sort.getValue()))
        .toList();
  }

  private static Part withoutNames(String sort, List<Part> parts) {
    boolean ok = parts.stream().allMatch(Part::ok);
    return ok && parts.stream().anyMatch(Part::degraded)
        ? Part.degraded(sort, DEGRADED)
        : new Part(sort, ok, ok ? WELL : NOT_WELL);
  }

  private Word word() throws InterruptedException {
    List<Part> all = parts();
    if (stopping.getAsBoolean() || !all.stream().allMatch(Part::ok)) {
      return Word.UNAVAILABLE;
    }
    return all.stream().anyMatch(Part::degraded) ? Word.DEGRADED : Word.OK;
  }

  private static Reply reply(Word word, List<Part> parts) {
    return Reply.object(
        word == Word.UNAVAILABLE ? 503 : 200,
        json -> {
          json.writeStringField("status", word.name().toLowerCase(Locale.ROOT));
          if (!parts.isEmpty()) {
            json.writeArrayFieldStart("parts");
            for (Part part : parts) {
              json.writeStartObject();
              json.writeStringField("name", part.name());
              json.writeBooleanField("ok", part.ok());
              if (part.degraded()) {
                json.writeBooleanField("degraded", true);
              }
              json.writeStringField("message", part.message());
              json.writeEndObject();
            }
            json.writeEndArray();
          }
        });
  }

  private List<Part> parts() throws InterruptedException {
    lock.lock();
    try {
      boolean fine = parts.stream().allMatch(part -> part.ok() && !part.degraded());
      long fresh = fine ? FRESH : FRESH_TROUBLE;
      if (parts.isEmpty() || System.nanoTime() - looked > fresh) {
        var all = new ArrayList<Part>();
        all.addAll(ask("dispatch", new ReadDispatchHealth()));
        all.addAll(ask("inference", new ReadInferenceHealth()));
        if (bus.clustered()) {
          all.addAll(ask("cluster", new ReadClusterHealth()));
        }
        parts = List.copyOf(all);
        looked = System.nanoTime();
      }
      return parts;
    } finally {
      lock.unlock();
    }
  }

  private List<Part> ask(String name, Request<List<Part>> question) throws InterruptedException {
    try {
      return bus.ask(question, PART_LIMIT);
    } catch (Unavailable e) {
      return List.of(new Part(name, false, "does not answer"));
    }
  }
}
