package dev.penstock.admin;

import dev.penstock.core.Scope;
import java.util.Arrays;
import java.util.List;

/**
 * The form for a new key, as it is filled in.
 *
 * @param error why it was refused; empty: it was not
 */
public record NewKey(
    String owner, String scope, String label, String lanes, String owners, String error) {

  static NewKey of(Form form, String error) {
    String scope = form.get("scope").isEmpty() ? Scope.CLIENT.json() : form.get("scope");
    return new NewKey(
        form.get("owner"), scope, form.get("label"), form.get("lanes"), form.get("owners"), error);
  }

  public List<String> scopes() {
    return Arrays.stream(Scope.values()).map(Scope::json).toList();
  }
}
