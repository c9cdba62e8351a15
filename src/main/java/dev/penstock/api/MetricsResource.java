package dev.penstock.api;

import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import java.util.function.Supplier;

/** {@code GET /metrics}: all meters in Prometheus's text format. */
final class MetricsResource {
  private static final String FORMAT = "text/plain; version=0.0.4; charset=utf-8";

  private final Supplier<String> scrape;

  MetricsResource(Supplier<String> scrape) {
    this.scrape = scrape;
  }

  Reply get(Exchange exchange) {
    return Reply.text(FORMAT, scrape.get());
  }
}
