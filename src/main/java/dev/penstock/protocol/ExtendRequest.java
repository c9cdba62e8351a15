package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker still runs. A lease that makes no sense is left out, and what makes none beside
 * leases: those of its neighbours go on.
 *
 * @param held in the order in which they were said; a task may be there with several tokens
 * @param stopping when the worker that takes nothing more was started; null: it goes on
 * @param stopped whether it is gone with this: nobody needs to look out for it
 */
public record ExtendRequest(
    String worker,
    List<HeldLease> held,
    @Nullable Introduction figures,
    @Nullable Instant stopping,
    boolean stopped) {
  private static final int MAX_HELD = 2_000;
  private static final int MAX_READ = 4_096;
  private static final String NUMBER = "checkpoint_number";
  private static final Set<String> EXTEND =
      Set.of("worker", "leases", "figures", "stopping", "stopped");

  public byte[] write() {
    return StrictJson.object(json -> {
      json.writeStringField("worker", worker);
      writeHeld(json);
      if (figures != null) {
        figures.write(json);
      }
      if (stopped) {
        json.writeBooleanField("stopped", true);
      } else if (stopping != null) {
        json.writeBooleanField("stopping", true);
      }
    });
  }

  private void writeHeld(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("leases");
    for (HeldLease each : held) {
      json.writeStartObject();
      json.writeStringField("id", each.id().value());
      json.writeStringField("token", each.token());
      Progress progress = each.progress();
      if (progress != null) {
        json.writeObjectFieldStart("progress");
        json.writeNumberField("done", progress.done());
        json.writeNumberField("total", progress.total());
        json.writeStringField("message", StrictJson.whole(progress.message()));
        json.writeEndObject();
      }
      Checkpoint left = each.checkpoint();
      LeftMembers.write(json, left);
      if (left != null && left.number() > 0) {
        json.writeNumberField(NUMBER, left.number());
      }
      Instant begun = each.begun();
      if (begun != null) {
        Members.seconds(json, "begun", begun.toEpochMilli());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  public static ExtendRequest read(byte[] body, KnownLanes known) {
    Fields fields = Fields.of(StrictJson.mended(body));
    fields.only(EXTEND);
    String worker = Members.worker(fields);
    JsonNode leases = fields.value("leases");
    if (leases == null || !leases.isArray() || leases.size() > MAX_HELD) {
      throw fields.bad("leases", "must be a list of at most " + MAX_HELD + " leases");
    }
    List<HeldLease> held = new ArrayList<>(leases.size());
    for (JsonNode lease : leases) {
      if (lease.isObject()) {
        held(new Fields(lease, "")).ifPresent(held::add);
      }
    }
    try {
      Introduction figures = Introduction.read(fields, known);
      boolean stopped = Members.flag(fields, "stopped");
      @Nullable Instant stopping =
          Members.flag(fields, "stopping") || stopped ? startOf(fields, figures) : null;
      return new ExtendRequest(worker, List.copyOf(held), figures, stopping, stopped);
    } catch (InvalidInput e) {
      if (leases.isEmpty()) {
        throw e; // It says nothing else, so that nothing is lost.
      }
      return new ExtendRequest(worker, List.copyOf(held), null, null, false);
    }
  }

  private static Optional<HeldLease> held(Fields lease) {
    try {
      return Optional.of(
          new HeldLease(
              Members.id(lease),
              Members.token(lease),
              progress(lease.value("progress")),
              left(lease),
              begun(lease)));
    } catch (InvalidInput e) {
      return Optional.empty();
    }
  }

  private static @Nullable Checkpoint left(Fields lease) {
    Checkpoint left = LeftMembers.read(lease, MAX_READ);
    return left == null ? null : left.numbered(Members.roughly(lease.value(NUMBER)));
  }

  /** Null: it is not said, or not in words that can be understood. */
  private static @Nullable Instant begun(Fields lease) {
    try {
      return Members.time(lease, "begun");
    } catch (InvalidInput e) {
      return null;
    }
  }

  /**
   * The leases in parts, in each of which a task stands once: asked for with two tokens at once,
   * one answer would be taken for both.
   */
  public List<List<HeldLease>> parts() {
    List<Map<TaskId, HeldLease>> parts = new ArrayList<>();
    for (HeldLease each : held) {
      int at = 0;
      while (at < parts.size() && parts.get(at).containsKey(each.id())) {
        at++;
      }
      if (at == parts.size()) {
        parts.add(new LinkedHashMap<>());
      }
      parts.get(at).put(each.id(), each);
    }
    return parts.stream().map(part -> List.copyOf(part.values())).toList();
  }

  private static Instant startOf(Fields fields, @Nullable Introduction figures) {
    if (figures == null || figures.startedAt() == null) {
      // The name alone would bar the next worker that bears it.
      throw fields.bad("figures.started_at", "is missing: it says which worker stops");
    }
    return figures.startedAt();
  }

  private static @Nullable Progress progress(@Nullable JsonNode said) {
    return said == null || !said.isObject()
        ? null
        : new Progress(
            Members.roughly(said.get("done")),
            Members.roughly(said.get("total")),
            Members.words(said.get("message")));
  }
}
