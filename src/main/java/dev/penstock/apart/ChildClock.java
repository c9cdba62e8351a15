package dev.penstock.apart;

import dev.penstock.core.RunClock;
import dev.penstock.core.TimeLimit;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The time limit of a run in the child: its model goes by it, and the node, which ends the run when
 * its time is over, is told whether it passes.
 */
final class ChildClock implements TimeLimit {
  private final RunClock clock;
  private final Consumer<ToNode.Time> node;

  /**
   * @param node must not block
   */
  ChildClock(Duration limit, Consumer<ToNode.Time> node) {
    this.clock = new RunClock(limit, System::nanoTime);
    this.node = node;
  }

  void start() {
    clock.start();
  }

  @Override
  public void stand() {
    clock.stand();
    node.accept(ToNode.Time.STANDS);
  }

  @Override
  public void pass() {
    clock.pass();
    node.accept(ToNode.Time.PASSES);
  }

  @Override
  public void goOn() {
    clock.goOn();
    node.accept(ToNode.Time.GOES_ON);
  }

  @Override
  public long nanosLeft() {
    return clock.nanosLeft();
  }
}
