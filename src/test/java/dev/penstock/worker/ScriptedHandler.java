package dev.penstock.worker;

import dev.penstock.core.Immediate;
import dev.penstock.core.ReadInput;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskSpec;
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
  public Outcome known(TaskSpec spec, ReadInput input) {
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
