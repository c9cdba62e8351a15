package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.StrictJson;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What every reply to a poll or an extend says.
 *
 * @param lease how long leases last, by the server's clock
 * @param drain whether the worker is to take no more
 * @param offers what it takes beyond what every server does
 */
public record LeaseTerms(Duration lease, boolean drain, Set<Offer> offers) {

  /** Of a server that offers nothing beyond the usual. */
  public LeaseTerms(Duration lease, boolean drain) {
    this(lease, drain, EnumSet.noneOf(Offer.class));
  }

  /** This version's. */
  public static LeaseTerms ours(Duration lease, boolean drain) {
    return new LeaseTerms(lease, drain, EnumSet.allOf(Offer.class));
  }

  void write(JsonGenerator json) throws IOException {
    StrictJson.writeSeconds(json, "lease_seconds", lease.toMillis());
    if (drain) {
      json.writeBooleanField("drain", true);
    }
    if (!offers.isEmpty()) {
      json.writeArrayFieldStart("offers");
      for (Offer offer : offers) {
        json.writeString(offer.word());
      }
      json.writeEndArray();
    }
  }

  static LeaseTerms of(JsonNode reply) {
    Set<Offer> offers = EnumSet.noneOf(Offer.class);
    reply.path("offers").forEach(word -> Offer.of(word.asText()).ifPresent(offers::add));
    return new LeaseTerms(
        Members.duration(reply.path("lease_seconds")),
        reply.path("drain").asBoolean(false),
        offers);
  }
}
