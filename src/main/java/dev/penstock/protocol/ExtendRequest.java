package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.HeldLease;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker still runs.
 *
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
  private static final int MAX_MESSAGE = 1_000;
  private static final int MAX_READ = 4_096;
  private static final Set<String> EXTEND =
      Set.of("worker", "leases", "figures", "stopping", "stopped");
  private static final Set<String> HELD =
      Set.of("id", "token", "progress", "checkpoint", "read", "begun");
  private static final Set<String> PROGRESS = Set.of("done", "total", "message");

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
      LeftMembers.write(json, each.checkpoint());
      Instant begun = each.begun();
      if (begun != null) {
        Members.seconds(json, "begun", begun.toEpochMilli());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  public static ExtendRequest read(byte[] body, KnownLanes known) {
    Fields fields = Fields.of(StrictJson.parse(body));
    fields.only(EXTEND);
    String worker = Members.worker(fields);
    JsonNode leases = fields.value("leases");
    if (leases == null || !leases.isArray() || leases.size() > MAX_HELD) {
      throw fields.bad("leases", "must be a list of at most " + MAX_HELD + " leases");
    }
    List<HeldLease> held = new ArrayList<>(leases.size());
    Set<TaskId> seen = new HashSet<>();
    for (int i = 0; i < leases.size(); i++) {
      String name = "leases[" + i + "]";
      if (!leases.get(i).isObject()) {
        throw fields.bad(name, "must be an object");
      }
      var lease = new Fields(leases.get(i), name + ".");
      lease.only(HELD);
      TaskId id = Members.id(lease);
      if (!seen.add(id)) {
        throw lease.bad("id", "is there more than once");
      }
      held.add(
          new HeldLease(
              id,
              Members.token(lease),
              progress(lease),
              LeftMembers.read(lease, MAX_READ),
              Members.time(lease, "begun")));
    }
    Introduction figures = Introduction.read(fields, known);
    boolean stopped = Members.flag(fields, "stopped");
    @Nullable Instant stopping =
        Members.flag(fields, "stopping") || stopped ? startOf(fields, figures) : null;
    return new ExtendRequest(worker, List.copyOf(held), figures, stopping, stopped);
  }

  private static Instant startOf(Fields fields, @Nullable Introduction figures) {
    if (figures == null || figures.startedAt() == null) {
      // The name alone would bar the next worker that bears it.
      throw fields.bad("figures.started_at", "is missing: it says which worker stops");
    }
    return figures.startedAt();
  }

  private static @Nullable Progress progress(Fields lease) {
    Fields fields = lease.inner("progress", PROGRESS);
    if (fields == null) {
      return null;
    }
    long done = Members.count(fields, "done");
    long total = Members.count(fields, "total");
    if (done > total) {
      throw fields.bad("done", "must not be more than total");
    }
    return new Progress(done, total, Members.perhapsEmpty(fields, "message", MAX_MESSAGE));
  }
}
