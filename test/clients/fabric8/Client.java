import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.authentication.SelfSubjectReview;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Map;

/**
 * One request for each line on standard input, through the kubeconfig in KUBECONFIG: "ask" says who we are, "reload"
 * makes the client again. Answers with one line of JSON: {"user", "credential"} or {"error"}.
 */
public final class Client {
  private static KubernetesClient client;

  public static void main(String[] arguments) throws IOException {
    var json = new ObjectMapper();
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("reload")) client = null;
      System.out.println(json.writeValueAsString(answer()));
    }
    // The HTTP client's threads would hold the process up.
    System.exit(0);
  }

  private static Map<String, Object> answer() {
    try {
      if (client == null) client = new KubernetesClientBuilder().build();
      var review = client.authentication().v1().selfSubjectReviews().create(new SelfSubjectReview());
      var info = review.getStatus().getUserInfo();
      Map<String, List<String>> extra = info.getExtra() == null ? Map.of() : info.getExtra();
      var credential = extra.getOrDefault("authentication.kubernetes.io/credential-id", List.of());
      return Map.of("user", info.getUsername(), "credential", credential);
    } catch (Exception failure) {
      return Map.of("error", failure.toString());
    }
  }
}
