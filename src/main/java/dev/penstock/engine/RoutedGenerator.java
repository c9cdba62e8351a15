package dev.penstock.engine;

import dev.penstock.core.InvalidInput;
import dev.penstock.core.TimeLimit;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Priority;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that one or several backends make texts of: shares the work among them, and asks the next
 * where one is out of reach, as long as nothing was said.
 */
final class RoutedGenerator implements Generator {
  private static final Logger LOG = LoggerFactory.getLogger(RoutedGenerator.class);

  private final String model;
  private final List<RouteMember> members;
  private final RoutePlaces places;

  /** The least order of all entries, be they open or not. */
  private final int lowest;

  /** Opens what an entry names. */
  @FunctionalInterface
  interface Opener {
    ModelEngine open(ModelSource source) throws Exception;
  }

  private RoutedGenerator(
      String model, List<RouteMember> members, int lowest, LongSupplier nanoTime) {
    this.model = model;
    this.members = members;
    this.lowest = lowest;
    this.places = new RoutePlaces(members, nanoTime);
  }

  /** Whether a model's entries are for this. */
  static boolean wants(ModelSpec spec) {
    return spec.sources().stream().anyMatch(RoutedSource.class::isInstance);
  }

  /**
   * Opens all entries of a model; those that cannot be opened are left out.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  static RoutedGenerator open(ModelSpec spec, Opener opener, LongSupplier nanoTime)
      throws Exception {
    var members = new ArrayList<RouteMember>();
    List<String> names = names(spec.sources());
    Exception failure = null;
    for (int i = 0; i < names.size(); i++) {
      ModelSource source = spec.sources().get(i);
      try {
        var generator = (Generator) opener.open(source);
        String host = source instanceof RoutedSource routed ? routed.host() : "";
        members.add(new RouteMember(names.get(i), route(source), host, generator));
      } catch (Exception | LinkageError e) {
        failure = e instanceof Exception known ? known : new CannotOpenModel(known(e), true);
        LOG.warn(
            "model {} cannot be opened by {}: {}",
            spec.name(),
            names.get(i),
            OpenFailure.describe(spec, e));
      }
    }
    if (members.isEmpty() && failure != null) {
      throw failure;
    }
    int lowest = spec.sources().stream().mapToInt(source -> route(source).order()).min().orElse(0);
    return new RoutedGenerator(spec.name(), List.copyOf(members), lowest, nanoTime);
  }

  private static Exception known(Throwable e) {
    return new IllegalStateException(String.valueOf(e.getMessage()), e);
  }

  private static RouteTerms route(ModelSource source) {
    return source instanceof RoutedSource routed ? routed.route() : RouteTerms.OWN;
  }

  /**
   * What each entry is called: as it says, or as its backend, with a number where there are two.
   */
  private static List<String> names(List<ModelSource> sources) {
    var names = new ArrayList<String>();
    var taken = new HashSet<String>();
    for (ModelSource source : sources) {
      String given = route(source).name();
      String base = given == null ? source.backend() : given;
      String name = base;
      for (int n = 2; !taken.add(name); n++) {
        name = base + "-" + n;
      }
      names.add(name);
    }
    return names;
  }

  @Override
  public GenerationEnd generate(GenerationRequest request, Asker asker)
      throws InterruptedException, ModelFailure {
    var heard = new Heard(asker);
    Set<RouteMember> tried = new HashSet<>();
    boolean asked = false;
    ModelFailure last = null;
    while (true) {
      RouteMember member = next(asker, tried, asked, last);
      try {
        requireNear(member);
        GenerationEnd end = member.generator.generate(request, heard);
        places.give(member, RouteMember::succeeded);
        return new GenerationEnd(
            end.reasons(),
            end.promptTokens(),
            end.cachedTokens(),
            end.answerTokens(),
            end.reasoningTokens(),
            member.name);
      } catch (InvalidInput e) {
        places.give(member, RouteMember::answered);
        throw e;
      } catch (TooFar e) {
        places.give(member, RouteMember::left);
        tried.add(member);
        last = last == null ? new ModelFailure(model, BackendTrouble.away(e.reason)) : last;
      } catch (ModelFailure e) {
        BackendTrouble trouble = trouble(e);
        if (trouble == null) {
          places.give(member, RouteMember::left);
          throw e;
        }
        places.failed(member, trouble);
        LOG.warn("model {}: backend {}: {}", model, member.name, trouble.reason());
        boolean busy = trouble.kind() == BackendTrouble.Kind.BUSY;
        if (heard.anything || !(trouble.another() || busy)) {
          throw e;
        }
        if (!busy) { // one that asks for a pause is waited for
          tried.add(member);
          asked = true;
          last = e;
        }
      } catch (InterruptedException | RuntimeException | Error e) {
        places.give(member, RouteMember::left);
        throw e;
      }
    }
  }

  /** A backend in this process has words of its own for what is wrong; null: it is stopping. */
  private static @Nullable BackendTrouble trouble(ModelFailure failure) {
    if (failure.getCause() instanceof BackendTrouble trouble) {
      return trouble;
    }
    return failure.notYet() ? null : BackendTrouble.away(failure.reason());
  }

  private RouteMember next(
      Asker asker, Set<RouteMember> tried, boolean asked, @Nullable ModelFailure last)
      throws InterruptedException, ModelFailure {
    TimeLimit limit = asker.limit();
    if (limit != null) {
      limit.stand();
    }
    try {
      return places
          .take(asker.priority(), tried, asked)
          .orElseThrow(() ->
              last == null
                  ? new ModelFailure(model, BackendTrouble.away("no backend may be asked"))
                  : last);
    } catch (BackendTrouble | EngineStopped e) {
      throw new ModelFailure(model, e);
    } finally {
      if (limit != null) {
        limit.goOn();
      }
    }
  }

  /** A backend is out of this network, and may not be asked in place of one that is not. */
  private static final class TooFar extends Exception {
    private static final long serialVersionUID = 1L;

    final String reason;

    TooFar(String reason) {
      super(reason);
      this.reason = reason;
    }
  }

  /** No fault of one backend sends what people wrote out of this network, unless that is wanted. */
  private void requireNear(RouteMember member) throws TooFar {
    RouteTerms route = member.route;
    if (route.order() == lowest || route.mayLeave() || member.host.isEmpty()) {
      return;
    }
    try {
      if (PublicAddress.is(member.host)) {
        throw new TooFar(
            "backend "
                + member.name
                + " has a public address and is not the first choice: may_leave is not set");
      }
    } catch (UnknownHostException e) {
      throw new TooFar("backend " + member.name + " has no address");
    }
  }

  @Override
  public int slots() {
    long all =
        members.stream()
            .mapToLong(member ->
                Math.min(member.route.concurrency(), Math.max(1, member.generator.slots())))
            .sum();
    return (int) Math.min(Integer.MAX_VALUE, all);
  }

  @Override
  public EngineStatus status() {
    List<EngineStatus.Member> now = places.status();
    String message =
        now.stream()
            .filter(member -> member.standing() != EngineStatus.Member.Standing.READY)
            .map(member -> member.name() + ": " + member.lastError())
            .collect(Collectors.joining("; "));
    String names =
        now.stream().map(EngineStatus.Member::name).distinct().collect(Collectors.joining(", "));
    return new EngineStatus(
        model, EngineStatus.State.READY, names, slots(), 0, places.waiting(), message, now);
  }

  @Override
  public void close() {
    places.close();
    members.forEach(member -> member.generator.close());
  }

  /** Whoever asks, and whether a part of an answer has come. */
  private static final class Heard implements Asker {
    private final Asker asker;
    private volatile boolean anything;
    private boolean begun;

    Heard(Asker asker) {
      this.asker = asker;
    }

    @Override
    public String owner() {
      return asker.owner();
    }

    @Override
    public Priority priority() {
      return asker.priority();
    }

    @Override
    public @Nullable TimeLimit limit() {
      return asker.limit();
    }

    @Override
    public List<int[]> before() {
      return asker.before();
    }

    @Override
    public void begun() {
      if (!begun) {
        begun = true;
        asker.begun();
      }
    }

    @Override
    public void piece(GenerationPiece piece) {
      anything = true;
      asker.piece(piece);
    }
  }
}
