package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import dev.penstock.web.Route.Access;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What watches over inputs that nobody wrote sees what it is there for. */
final class FuzzServerTest {
  private static byte[] get(String path) {
    return "GET %s HTTP/1.1\r\nHost: a\r\n\r\n".formatted(path).getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void aMistakeOfOursIsAFinding() throws Exception {
    Route broken =
        Route.get(
            "/broken",
            Access.OPEN,
            _ -> {
              throw new IllegalStateException("a mistake");
            });
    Route odd = Route.get("/odd", Access.OPEN, _ -> Reply.text("text/plain", "odd"));
    try (var server = new FuzzServer(List.of(broken, odd))) {
      assertThatCode(() -> server.send(get("/health"))).doesNotThrowAnyException();
      assertThatCode(() -> server.send(get("/odd"))).doesNotThrowAnyException();
      assertThatThrownBy(() -> server.send(get("/broken"))).isInstanceOf(AssertionError.class);
    }
  }
}
