package dev.penstock.protocol;

import dev.penstock.task.Lane;
import java.util.Optional;

/** The lanes that whoever reads a message knows. */
public interface KnownLanes {
  Optional<Lane> find(String name);

  /** Why a lane is not among them. */
  RuntimeException unknown(String name, String param);
}
