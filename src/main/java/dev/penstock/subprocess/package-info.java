/**
 * A supervised child JVM over pipes: what may take a process down runs in one.
 *
 * <p>{@link dev.penstock.subprocess.ChildProcesses} opens a {@link
 * dev.penstock.subprocess.Subprocess} for each {@link dev.penstock.subprocess.ChildProgram} that is
 * used; in the child {@link dev.penstock.subprocess.ChildLoop} runs it.
 */
@NullMarked
package dev.penstock.subprocess;

import org.jspecify.annotations.NullMarked;
