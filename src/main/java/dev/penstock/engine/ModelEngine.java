package dev.penstock.engine;

/**
 * One open model. What it can do is told by the interface or class of its kind, which handlers ask
 * for: {@link ModelEngines.Use#engine}.
 */
public interface ModelEngine extends AutoCloseable {
  EngineStatus status();

  /** Lets what runs finish; what waits is told that it will not run. */
  @Override
  void close();
}
