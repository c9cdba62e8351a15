package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.api.NewKeys;
import dev.penstock.core.ApiKey;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.Scope;
import dev.penstock.json.JsonMappers;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.ApiKeys.Created;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The keys, what each of them has now of what all use, and a form for a new one. */
final class KeysPage {
  static final String PATH = "/dashboard/keys";
  private static final String REVOKE = PATH + "/revoke";

  private final PageContext desk;
  private final ApiKeys keys;
  private final NewKeys newKeys;

  KeysPage(PageContext desk, ApiKeys keys, NewKeys newKeys) {
    this.desk = desk;
    this.keys = keys;
    this.newKeys = newKeys;
  }

  static String revokePath(String id) {
    return REVOKE + "?id=" + Form.encode(id);
  }

  List<Route> routes() {
    return List.of(
        get(PATH, SESSION, desk.guarded(this::page)),
        desk.form(PATH, this::make),
        get(REVOKE, SESSION, desk.guarded(this::askToRevoke)),
        desk.form(REVOKE, this::revoke));
  }

  private KeyList list(Exchange exchange) {
    return KeyList.of(keys.firstId(), keys.list(), exchange.shares(), desk.now());
  }

  private Reply page(Exchange exchange) {
    KeyList list = list(exchange);
    return desk.page(
        exchange,
        new Layout("Keys", PATH),
        desk.templates.keyRows(list),
        desk.templates.keys(list, NewKey.of(Form.of(""), "")));
  }

  private Reply make(Exchange exchange) {
    Form form = Form.of(exchange.body());
    try {
      return switch (newKeys.make(json(form))) {
        case Created.Now(ApiKey key, String secret) -> {
          desk.did(exchange, "made " + key.id() + " of " + key.owner());
          yield desk.page(new Layout("New key", PATH), desk.templates.newKey(key.id(), secret));
        }
        case Created.Refused(String why) -> refused(exchange, form, why);
      };
    } catch (InvalidInput invalid) {
      return refused(exchange, form, invalid.message());
    } catch (Refusal refusal) {
      return refused(exchange, form, refusal.error().message());
    }
  }

  private Reply refused(Exchange exchange, Form form, String why) {
    KeyList list = list(exchange);
    return PageContext.withStatus(
        400, desk.page(new Layout("Keys", PATH), desk.templates.keys(list, NewKey.of(form, why))));
  }

  /** As the API would have been sent it. */
  private static byte[] json(Form form) {
    ObjectNode key = JsonMappers.PLAIN.createObjectNode();
    key.put("owner", form.get("owner").strip());
    var scopes = key.putArray("scopes");
    Arrays.stream(Scope.values())
        .map(Scope::json)
        .filter(word -> form.get("scope").equals(word))
        .forEach(scopes::add);
    if (!form.get("label").isBlank()) {
      key.put("label", form.get("label").strip());
    }
    names(key, "lanes", form.get("lanes"));
    names(key, "owners", form.get("owners"));
    return key.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void names(ObjectNode key, String field, String text) {
    if (!text.isBlank()) {
      var names = key.putArray(field);
      Arrays.stream(text.strip().split("[,\\s]+", -1)).forEach(names::add);
    }
  }

  private Reply askToRevoke(Exchange exchange) {
    Optional<ApiKey> key = find(Form.of(exchange.query()).get("id"));
    if (key.isEmpty()) {
      return gone();
    }
    Confirmation confirmation =
        new Confirmation(
            "Revoke " + key.get().id(),
            "It is of " + key.get().owner() + " and ends for good: within seconds on every node.",
            REVOKE,
            Map.of("id", key.get().id()),
            "Revoke it",
            true,
            PATH);
    return desk.page(
        exchange,
        new Layout(confirmation.title(), PATH),
        desk.templates.confirm(confirmation),
        desk.templates.confirmPage(confirmation));
  }

  private Reply revoke(Exchange exchange) {
    Optional<ApiKey> key = find(Form.of(exchange.body()).get("id"));
    if (key.isEmpty() || keys.revoke(key.get().id()).isEmpty()) {
      return gone();
    }
    desk.did(exchange, "revoked " + key.get().id() + " of " + key.get().owner());
    return PageContext.goTo(PATH);
  }

  private Optional<ApiKey> find(String id) {
    return keys.list().stream().filter(key -> key.id().equals(id)).findFirst();
  }

  private Reply gone() {
    return desk.message(404, "No such key", "There is no key of this name.");
  }
}
