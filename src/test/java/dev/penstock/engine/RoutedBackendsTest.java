package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.engine.ServedModels.Listener;
import dev.penstock.engine.http.ScriptedServer;
import dev.penstock.engine.http.ScriptedServer.Script;
import dev.penstock.testing.FreePort;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RoutedBackendsTest {
  private static final String[] HELLO = {
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}",
    "[DONE]"
  };

  private final ScriptedServer first = new ScriptedServer();
  private final ScriptedServer second = new ScriptedServer();
  private final Listener listener = new Listener();

  @TempDir Path dir;

  @AfterEach
  void close() {
    first.close();
    second.close();
  }

  @Test
  void oneOrderSharesByWeight() throws Exception {
    for (int i = 0; i < 4; i++) {
      first.thenEvents(HELLO);
      second.thenEvents(HELLO);
    }
    Generator model =
        ServedModels.open(dir, entry(first, "name: big, weight: 3"), entry(second, "name: small"));

    List<String> backends = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      backends.add(model.generate(ServedModels.chat(), listener).backend());
    }

    assertThat(backends).containsExactlyInAnyOrder("big", "big", "small", "big");
  }

  @Test
  void theNextOrderIsTakenWhenTheFirstAnswersFiveHundred() throws Exception {
    first.thenStatus(500, "", "{\"error\":{\"message\":\"broken\"}}");
    theNextAnswers(entry(first, "order: 1"));
  }

  @Test
  void theNextOrderIsTakenWhenTheFirstCannotBeReached() throws Exception {
    theNextAnswers("openai: {url: http://127.0.0.1:" + FreePort.next() + "}");
  }

  @Test
  void theNextOrderIsTakenWhenTheFirstSaysNothing() throws Exception {
    first.then(ScriptedServer.Reply::hang);
    theNextAnswers(entry(first, "first_byte_seconds: 1"));
  }

  @Test
  void theNextOrderIsTakenWhenTheFirstDiesBeforeItSaysAnything() throws Exception {
    Script dies =
        reply -> {
          reply.stream();
          reply.cut();
        };
    first.then(dies);
    theNextAnswers(entry(first, "order: 1"));
  }

  private void theNextAnswers(String entry) throws Exception {
    second.thenEvents(HELLO);
    Generator model = ServedModels.open(dir, entry(second, "order: 2"), entry);

    GenerationEnd end = model.generate(ServedModels.chat(), listener);

    assertThat(end.backend()).isEqualTo("openai");
    assertThat(listener.content()).isEqualTo("Hello");
    assertThat(second.requests).hasSize(1);
    assertThat(model.status().members())
        .anySatisfy(member -> assertThat(member.lastError()).isNotEmpty());
  }

  @Test
  void nobodyElseIsAskedOnceAWordWasSaid() throws Exception {
    first.then(reply -> {
      reply.stream();
      reply.part("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n");
      reply.cut();
    });
    Generator model = ServedModels.open(dir, entry(first, "order: 1"), entry(second, "order: 2"));
    GenerationRequest chat = ServedModels.chat();

    ModelFailure failure =
        catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));

    assertThat(failure.reason()).contains("before the answer's end");
    assertThat(failure.notYet()).isFalse();
    assertThat(listener.content()).isEqualTo("Hel");
    assertThat(second.requests).isEmpty();
  }

  @Test
  void nobodyElseIsAskedForWhatTheFirstRefusesOrWhenItAsksForAPause() throws Exception {
    first.thenStatus(401, "", "").thenStatus(429, "Retry-After: 30", "");
    Generator model = ServedModels.open(dir, entry(first, "order: 1"), entry(second, "order: 2"));
    GenerationRequest chat = ServedModels.chat();

    for (int i = 0; i < 3; i++) {
      var _ = catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));
    }

    assertThat(first.requests).hasSize(2);
    assertThat(second.requests).isEmpty();
  }

  @Test
  void oneThatFailsOnEndIsLeftOutUntilItIsTriedAgain() throws Exception {
    for (int i = 0; i < 3; i++) {
      first.thenStatus(502, "", "<html>");
    }
    Generator model = ServedModels.open(dir, entry(first, "order: 1"));
    GenerationRequest chat = ServedModels.chat();

    List<Boolean> tried = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ModelFailure failure =
          catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));
      tried.add(!failure.notYet());
    }

    assertThat(tried).containsExactly(true, true, true, false);
    assertThat(first.requests).hasSize(3);
    assertThat(model.status().members())
        .singleElement()
        .satisfies(member -> {
          assertThat(member.standing()).isEqualTo(EngineStatus.Member.Standing.OUT);
          assertThat(member.lastError()).isEqualTo("it answers 502");
        });
  }

  @Test
  void noFaultSendsAPromptToAPublicAddressUnlessItMayLeave() throws Exception {
    first.thenStatus(500, "", "");
    Generator model =
        ServedModels.open(
            dir,
            entry(first, "order: 1"),
            "openai: {name: far, url: http://192.0.2.1:9, order: 2, connect_seconds: 1}");
    GenerationRequest chat = ServedModels.chat();

    ModelFailure failure =
        catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));

    assertThat(failure.reason()).isEqualTo("model m: it answers 500");
    assertThat(model.status().members())
        .filteredOn(member -> member.name().equals("far"))
        .allSatisfy(member -> assertThat(member.lastError()).as("it was not tried").isEmpty());
  }

  @Test
  void aPublicAddressThatMayLeaveIsAsked() throws Exception {
    first.thenStatus(500, "", "");
    Generator model =
        ServedModels.open(
            dir,
            entry(first, "order: 1"),
            "openai: {name: far, url: http://192.0.2.1:9, order: 2, connect_seconds: 1,"
                + " first_byte_seconds: 1, may_leave: true}");
    GenerationRequest chat = ServedModels.chat();

    var _ = catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));

    assertThat(model.status().members())
        .filteredOn(member -> member.name().equals("far"))
        .allSatisfy(member -> assertThat(member.lastError()).isNotEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, false",
    "10.1.2.3, false",
    "172.16.0.1, false",
    "172.32.0.1, true",
    "192.168.1.1, false",
    "169.254.1.1, false",
    "100.64.0.1, false",
    "100.128.0.1, true",
    "8.8.8.8, true",
    "::1, false",
    "fe80::1, false",
    "fd00::1, false",
    "2001:db8::1, true",
    "::ffff:8.8.8.8, true"
  })
  void anAddressIsPublicOrNot(String address, boolean isPublic) throws Exception {
    assertThat(PublicAddress.is(InetAddress.getByName(address))).isEqualTo(isPublic);
  }

  private static String entry(ScriptedServer server, String keys) {
    return "openai: {url: " + server.url() + ", " + keys + "}";
  }
}
