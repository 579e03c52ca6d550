import com.google.gson.JsonObject;
import com.google.gson.JsonArray;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import io.kubernetes.client.util.Config;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Map;

/**
 * One request for each line on standard input, through the kubeconfig in KUBECONFIG: "ask" says who we are, "reload"
 * makes the client anew. Answers with one line of JSON: {"user", "credential"} or {"error"}.
 */
public final class Client {
  private static AuthenticationV1Api api;

  public static void main(String[] arguments) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("reload")) api = null;
      System.out.println(answer());
    }
    // The HTTP client's threads would hold the process up.
    System.exit(0);
  }

  private static JsonObject answer() {
    var said = new JsonObject();
    try {
      ask(said);
    } catch (ApiException failure) {
      said.addProperty("error", failure.getCode() + " " + failure.getMessage() + failure.getResponseBody());
    } catch (Exception failure) {
      said.addProperty("error", failure.toString());
    }
    return said;
  }

  /** An ApiClient reads its token once: who keeps one for longer than the token lives makes it anew after a 401. */
  private static void ask(JsonObject said) throws IOException, ApiException {
    boolean fresh = api == null;
    if (fresh) api = load();
    try {
      review(said);
    } catch (ApiException failure) {
      if (fresh || failure.getCode() != 401) throw failure;
      api = load();
      review(said);
    }
  }

  private static AuthenticationV1Api load() throws IOException {
    ApiClient client = Config.fromConfig(System.getenv("KUBECONFIG"));
    return new AuthenticationV1Api(client);
  }

  private static void review(JsonObject said) throws ApiException {
    var info = api.createSelfSubjectReview(new V1SelfSubjectReview()).execute().getStatus().getUserInfo();
    var credential = new JsonArray();
    Map<String, List<String>> extra = info.getExtra() == null ? Map.of() : info.getExtra();
    extra.getOrDefault("authentication.kubernetes.io/credential-id", List.of()).forEach(credential::add);
    said.addProperty("user", info.getUsername());
    said.add("credential", credential);
  }
}
