package dev.penstock.engine;

import dev.penstock.config.Settings;
import java.nio.file.Path;

/**
 * What models are opened with.
 *
 * @param device what models of this process run on
 * @param data the data folder
 * @param runs hears of every run
 */
public record EngineParts(
    Device device, Settings.Inference settings, Path data, BatchRun.Listener runs) {}
