package dev.penstock.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Scope;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SessionsTest {
  private boolean stands = true;
  private static final Caller ME = new Caller("default", "auth.token", EnumSet.allOf(Scope.class));

  private Instant now = Instant.ofEpochSecond(1_763_780_000);
  private final Sessions sessions =
      new Sessions(Duration.ofMinutes(30), Duration.ofHours(12), () -> now);

  private void pass(Duration time) {
    now = now.plus(time);
  }

  @Test
  void aTokenStandsForWhoLoggedIn() {
    String token = sessions.open(ME, () -> stands);
    assertThat(token).matches("[A-Za-z0-9_-]{43}");
    assertThat(sessions.use(token)).contains(ME);
    assertThat(sessions.open(ME, () -> stands)).isNotEqualTo(token);
  }

  @Test
  void aTokenThatIsNotOursStandsForNobody() {
    sessions.open(ME, () -> stands);
    assertThat(sessions.use(null)).isEmpty();
    assertThat(sessions.use("")).isEmpty();
    assertThat(sessions.use("x".repeat(10_000))).isEmpty();
  }

  @Test
  void aSessionThatNobodyUsesEnds() {
    String token = sessions.open(ME, () -> stands);
    pass(Duration.ofMinutes(29));
    assertThat(sessions.use(token)).isPresent();
    pass(Duration.ofMinutes(29));
    assertThat(sessions.use(token)).isPresent();
    pass(Duration.ofMinutes(30));
    assertThat(sessions.use(token)).isEmpty();
  }

  @Test
  void lookingIsNotUsing() {
    String token = sessions.open(ME, () -> stands);
    pass(Duration.ofMinutes(20));
    assertThat(sessions.look(token)).contains(ME);
    pass(Duration.ofMinutes(10));
    assertThat(sessions.look(token)).isEmpty();
  }

  @Test
  void aSessionInUseEndsAfterItsLongestTime() {
    String token = sessions.open(ME, () -> stands);
    for (int i = 0; i < 12 * 3; i++) {
      assertThat(sessions.use(token)).isPresent();
      pass(Duration.ofMinutes(20));
    }
    assertThat(sessions.use(token)).isEmpty();
  }

  @Test
  void whoLogsOutIsOut() {
    String token = sessions.open(ME, () -> stands);
    String other = sessions.open(ME, () -> stands);
    sessions.close(token);
    sessions.close(token);
    sessions.close(null);
    assertThat(sessions.use(token)).isEmpty();
    assertThat(sessions.use(other)).isPresent();
  }

  @Test
  void thereAreOnlySoManyAndTheLeastUsedGoes() {
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < Sessions.MOST; i++) {
      tokens.add(sessions.open(ME, () -> stands));
      pass(Duration.ofMillis(1));
    }
    assertThat(sessions.use(tokens.get(0))).isPresent();
    sessions.open(ME, () -> stands);
    assertThat(sessions.use(tokens.get(0))).isPresent();
    assertThat(sessions.use(tokens.get(1))).isEmpty();
    assertThat(sessions.use(tokens.get(2))).isPresent();
  }

  @Test
  void theCookieIsFoundAmongOthers() {
    String header = SessionCookie.write("abc", false).split(";", 2)[0];
    assertThat(SessionCookie.read("a=b; " + header + "; c=d")).contains("abc");
    assertThat(SessionCookie.read("a=b; x" + header)).isEmpty();
    assertThat(SessionCookie.read(null)).isEmpty();
  }

  @Test
  void theCookieIsForThisSiteAlone() {
    assertThat(SessionCookie.write("abc", true))
        .endsWith("; Path=/; HttpOnly; SameSite=Strict; Secure");
    assertThat(SessionCookie.write("abc", false)).doesNotContain("Secure");
    assertThat(SessionCookie.erase()).contains("Max-Age=0");
  }

  @Test
  void aSessionEndsWithTheKeyThatItBeganWith() {
    String token = sessions.open(ME, () -> stands);
    stands = false;
    assertThat(sessions.use(token)).isEmpty();
    stands = true;
    assertThat(sessions.use(token)).as("for good").isEmpty();
  }
}
