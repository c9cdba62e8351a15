package dev.penstock.types;

import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.metrics.Meters;
import dev.penstock.subprocess.ChildProcesses;

/**
 * What handlers are made of on a node that runs tasks.
 *
 * @param worker this worker's id, as results name it
 */
public record HandlerParts(
    Loaded settings,
    String worker,
    ModelEngines engines,
    TokenizerThreads tokenizers,
    Meters meters,
    ChildProcesses children) {}
