package dev.penstock.worker;

import dev.penstock.bus.Request.RunNow;
import dev.penstock.core.Immediate;
import dev.penstock.task.Outcome;
import java.time.Duration;

/** A handler whose runs a test scripts. */
abstract class ScriptedHandler implements Immediate {
  private final String type;

  ScriptedHandler(String type) {
    this.type = type;
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public Outcome known(RunNow request) {
    return new Outcome.Postpone(Duration.ZERO);
  }

  @Override
  public String inputSchema() {
    return "{}";
  }

  @Override
  public String outputSchema() {
    return "{}";
  }
}
