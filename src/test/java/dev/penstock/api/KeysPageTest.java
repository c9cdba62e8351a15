package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.core.ApiKey;
import dev.penstock.core.Scope;
import dev.penstock.testing.Await;
import java.net.Socket;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The page of keys: what each has now, and how one is made and ended. */
final class KeysPageTest {
  private static final Pattern SECRET = Pattern.compile("<code>(sk-penstock-[\\w-]+)</code>");

  private TestServer server;
  private String cookie;

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("embedding.direct", "false"));
    var login = post("/login", "", Map.of("key", TestServer.KEY));
    cookie = TestServer.header(login, "Set-Cookie").split(";", 2)[0];
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private HttpResponse<String> post(String path, String with, Map<String, String> form)
      throws Exception {
    String body =
        form.entrySet().stream()
            .map(each ->
                each.getKey() + "=" + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    return server.send(
        server
            .stranger(path)
            .header("Origin", "http://127.0.0.1:" + server.port())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", with)
            .POST(BodyPublishers.ofString(body)));
  }

  private String page(String path) throws Exception {
    var page = server.send(server.stranger(path).header("Cookie", cookie));
    assertThat(page.statusCode()).isEqualTo(200);
    return page.body();
  }

  @Test
  void aKeyShowsWhatItHasOfItsShareNow() throws Exception {
    String secret = server.key("greedy", Scope.CLIENT);
    server.dispatcher.script = _ -> new Script.Stay();
    assertThat(page("/dashboard/keys")).contains("greedy").doesNotContain("held requests 1");
    String body = "{\"input\":\"a\"}";
    try (Socket _ = server.hold(body, secret, body.length())) {
      Await.until("it is held", Duration.ofSeconds(20), () -> server.dispatcher.tasks.size() == 1);
      assertThat(page("/dashboard/keys")).contains("held requests 1 / 922", "connections 1 / 922");
    }
  }

  @Test
  void aBoundKeyIsMadeShownOnceAndRevoked() throws Exception {
    var made =
        post(
            "/dashboard/keys",
            cookie,
            Map.of(
                "owner",
                "far",
                "scope",
                "worker",
                "label",
                "",
                "lanes",
                "ping, embedding",
                "owners",
                "acme"));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    Matcher secret = SECRET.matcher(made.body());
    assertThat(secret.find()).isTrue();
    List<ApiKey> keys = server.keys.list();
    assertThat(keys).hasSize(1);
    assertThat(keys.getFirst().reach().owners()).containsExactly("acme");
    String page = page("/dashboard/keys");
    assertThat(page)
        .contains("lanes embedding, ping · tasks of acme")
        .doesNotContain(secret.group(1));

    String revoke = "/dashboard/keys/revoke?id=" + keys.getFirst().id();
    assertThat(page).contains(revoke);
    assertThat(page(revoke)).contains("Revoke " + keys.getFirst().id());
    var revoked = post("/dashboard/keys/revoke", cookie, Map.of("id", keys.getFirst().id()));
    assertThat(revoked.statusCode()).isEqualTo(303);
    assertThat(server.keys.authenticateKey(secret.group(1))).isEmpty();
    assertThat(page("/dashboard/keys")).contains("Revoked");
  }

  @Test
  void whatNoKeyCanBeIsSaidBesideTheFormAsItWasFilledIn() throws Exception {
    var refused =
        post(
            "/dashboard/keys",
            cookie,
            Map.of("owner", "far", "scope", "worker", "lanes", "no-such-lane"));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("no-such-lane", "problem");
    assertThat(post("/dashboard/keys", cookie, Map.of("owner", "a b", "scope", "client")).body())
        .contains("owner");
    assertThat(server.keys.list()).isEmpty();
  }
}
