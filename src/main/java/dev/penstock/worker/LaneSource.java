package dev.penstock.worker;

import dev.penstock.core.Apart;
import dev.penstock.core.Part;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskHandler;
import java.util.List;

/** What a worker works on: its lanes, and the handlers of their tasks. */
public interface LaneSource {

  /** Every lane that is worked on here. Lanes may come while the program runs. */
  List<Lane> lanes();

  /** What runs the tasks of one of these lanes. */
  TaskHandler handler(Lane lane);

  /** What runs the tasks that may kill the process that runs them. */
  Apart apart();

  /** Looks whether lanes have come or gone. Blocks. */
  void rescan();

  /** How what the handlers need stands, part by part. */
  List<Part> health();

  /** What models run on; empty: none is open. */
  String device();
}
