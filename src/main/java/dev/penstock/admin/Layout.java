package dev.penstock.admin;

import java.util.List;

/**
 * What surrounds every page: its title and the way to the others. A new page is a new line here.
 *
 * @param here the path of the page, or of the one it belongs to
 */
public record Layout(String title, String here) {
  private static final List<Link> PAGES =
      List.of(
          new Link("Overview", "/"),
          new Link("Tasks", TaskQuery.PATH),
          new Link("New task", SubmitPage.PATH),
          new Link("Workers", WorkersPage.PATH),
          new Link("Keys", KeysPage.PATH),
          new Link("Health", HealthPage.PATH));
  private static final List<Link> OTHERS =
      List.of(new Link("API", "/docs"), new Link("Metrics", "/metrics"));

  public record Link(String name, String path) {}

  public List<Link> pages() {
    return PAGES;
  }

  /** What is not a page of ours and has no way back: it opens beside the page. */
  public List<Link> others() {
    return OTHERS;
  }
}
