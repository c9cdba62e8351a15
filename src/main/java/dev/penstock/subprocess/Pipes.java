package dev.penstock.subprocess;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A child's ends of the pipes that requests and answers go through, moved away from descriptors 0
 * and 1, where native code reads and prints: these lead to /dev/null afterwards, and what Java
 * prints goes to standard error.
 */
record Pipes(InputStream requests, OutputStream answers) {

  /** Called once, by the child, before anything else reads or prints. */
  static Pipes take() {
    System.setOut(System.err);
    InputStream in = new FileInputStream(FileDescriptor.in);
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    InputStream requests;
    OutputStream answers;
    try {
      // Opened anew by its name, a pipe has a second descriptor. This needs /proc on Linux.
      requests = new FileInputStream("/dev/fd/0");
      answers = new FileOutputStream("/dev/fd/1");
      // The JDK never closes these two: it lets them lead to /dev/null.
      in.close();
      out.close();
    } catch (IOException e) {
      // Works as well, as long as native code prints nothing.
      System.err.println("descriptors 0 and 1 stay in use: " + e.getMessage());
      requests = in;
      answers = out;
    }
    return new Pipes(requests, answers);
  }
}
