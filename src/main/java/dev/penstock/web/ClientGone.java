package dev.penstock.web;

/** The client has closed its connection: there is nobody to answer. */
public final class ClientGone extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ClientGone() {
    super("client gone", null, false, false);
  }
}
