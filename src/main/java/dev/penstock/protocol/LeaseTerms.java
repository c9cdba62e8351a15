package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.StrictJson;
import java.io.IOException;
import java.time.Duration;

/**
 * What every reply to a poll or an extend says.
 *
 * @param lease how long leases last, by the server's clock
 * @param drain whether the worker is to take no more
 */
public record LeaseTerms(Duration lease, boolean drain) {
  void write(JsonGenerator json) throws IOException {
    StrictJson.writeSeconds(json, "lease_seconds", lease.toMillis());
    if (drain) {
      json.writeBooleanField("drain", true);
    }
  }

  static LeaseTerms of(JsonNode reply) {
    return new LeaseTerms(
        Members.duration(reply.path("lease_seconds")), reply.path("drain").asBoolean(false));
  }
}
