package dev.penstock.bench.parts;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;

/** An HTTP server that reads requests and has one answer to all of them: what HTTP costs alone. */
final class EmptyServer {
  private static final String ANSWER =
      "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"status\":\"pending\"}";

  private EmptyServer() {}

  private static final class Answers extends AbstractVerticle {
    private final int port;

    Answers(int port) {
      this.port = port;
    }

    @Override
    public void start(Promise<Void> started) {
      vertx
          .createHttpServer()
          .requestHandler(request ->
              request
                  .body()
                  .onSuccess(_ ->
                      request.response().putHeader("Content-Type", "application/json").end(ANSWER)))
          .listen(port, "127.0.0.1")
          .<Void>mapEmpty()
          .onComplete(started);
    }
  }

  /** The argument is the port. */
  public static void main(String[] args) {
    int port = Integer.parseInt(args[0]);
    int cores = Runtime.getRuntime().availableProcessors();
    Vertx.vertx()
        .deployVerticle(() -> new Answers(port), new DeploymentOptions().setInstances(cores))
        .onSuccess(_ -> System.out.println("{\"ready\":true}"))
        .onFailure(e -> {
          e.printStackTrace();
          System.exit(1);
        });
  }
}
