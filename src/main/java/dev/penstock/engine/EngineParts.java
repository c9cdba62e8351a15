package dev.penstock.engine;

import dev.penstock.config.Settings;
import dev.penstock.subprocess.ChildProcesses;
import java.nio.file.Path;

/**
 * What models are opened with.
 *
 * @param device what models of this process run on
 * @param data the data folder
 * @param runs hears of every run
 * @param children where models open that have processes of their own
 */
public record EngineParts(
    Device device,
    Settings.Inference settings,
    Settings.Llama llama,
    Path data,
    BatchRun.Listener runs,
    ChildProcesses children) {}
