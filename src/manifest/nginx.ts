/**
 * The nginx configuration that lets POST …/serviceaccounts/NAME/token through to the API server and nothing else
 * (src/CONTRACTS.md 5.2).
 */

/** A port that needs no privilege. */
export const port = 8080;
/** Where the pod has its files. */
export const folders = { config: '/etc/sa-token-proxy', ca: '/etc/sa-token-proxy-ca', run: '/tmp' };

/**
 * Path and headers that are served are listed, all else is refused. What nginx cannot name by a pattern, the
 * `Impersonate-Extra-*` and `X-Remote-Extra-*` families, is not passed on, since no header is that is not listed. The API
 * server is asked for by a name that is in the certificate of every API server.
 *
 * @param prefix - before `/api`, without a slash at its end; '' for none
 * @param ipv6 - not by default: nginx ends where a node's kernel knows no IPv6
 */
export function nginxConfig(prefix: string, ipv6: boolean): string {
  return `# Written by "kubectl sa-token manifest proxy". Lets POST ${prefix}/api/v1/namespaces/NAMESPACE/serviceaccounts/NAME/token
# through to the API server, and nothing else. It adds no credential: the API server judges the caller's own token.
# For an nginx outside the cluster change four places: /tmp, listen, the address of the API server, and the file with its CA.
daemon off;
worker_processes 1;
pid ${folders.run}/nginx.pid;
error_log stderr warn;

events {
  worker_connections 512;
}

http {
  server_tokens off;
  default_type text/plain;
  client_body_temp_path ${folders.run}/body;
  proxy_temp_path ${folders.run}/proxy;
  fastcgi_temp_path ${folders.run}/fastcgi;
  uwsgi_temp_path ${folders.run}/uwsgi;
  scgi_temp_path ${folders.run}/scgi;

  # Tokens are in headers, queries and bodies: none is logged but User-Agent. The path is logged as it was written, not as
  # nginx reads it, unless somebody wrote a token there.
  map $request_uri $path_written {
    "~^[^?]*eyJ[A-Za-z0-9_-]{8,}([.]|%2[Ee])" "(not shown: a token is in it)";
    "~^(?<before_query>[^?]*)" $before_query;
  }
  log_format refused_and_passed escape=json
    '{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method","path":"$path_written",'
    '"status":$status,"api_server":"$upstream_status","seconds":$request_time,"agent":"$http_user_agent"}';
  access_log /dev/stdout refused_and_passed;

  # The path as the client wrote it, not as nginx decodes it: "%2F", "//", "..", and a query match nothing.
  map $request_uri $token_path {
    default "";
    "~^${prefix.replaceAll('.', '[.]')}(?<served>/api/v1/namespaces/[a-z0-9][a-z0-9-]*/serviceaccounts/[a-z0-9][a-z0-9.-]*/token)$" $served;
  }

  # Who sends one of these expects to be somebody else, or another protocol: refused rather than served without it.
  map "$http_impersonate_user$http_impersonate_group$http_impersonate_uid$http_x_remote_user$http_x_remote_group$http_x_remote_uid$http_upgrade" $unwanted_header {
    default 1;
    "" 0;
  }

  upstream api_server {
    server kubernetes.default.svc:443;
  }

${serverBlock(prefix, ipv6)}}
`;
}

function serverBlock(prefix: string, ipv6: boolean): string {
  return `  server {
    listen ${ipv6 ? `[::]:${port} ipv6only=off` : port};

    # A TokenRequest has some hundred bytes. Bodies, and answers, which are credentials, stay in memory.
    client_max_body_size 64k;
    client_body_buffer_size 64k;
    large_client_header_buffers 4 16k;
    client_header_timeout 10s;
    client_body_timeout 10s;

    # nginx logs a body that is too large, or in bad chunks, with the request's query: what has one is refused here, before
    # the body is looked at, and no such complaint is logged.
    error_log stderr crit;
    if ($token_path = "") {
      return 404 "sa-token proxy: only POST ${prefix}/api/v1/namespaces/NAMESPACE/serviceaccounts/NAME/token is served here\\n";
    }
    if ($request_method != POST) {
      return 405 "sa-token proxy: only POST is served here\\n";
    }
    if ($unwanted_header) {
      return 400 "sa-token proxy: Impersonate-, X-Remote- and Upgrade headers are not served here\\n";
    }

    location / {
      error_log stderr warn;
      proxy_pass https://api_server$token_path;
      proxy_http_version 1.1;
      proxy_pass_request_headers off;
      proxy_set_header Host kubernetes.default.svc;
      proxy_set_header Authorization $http_authorization;
      proxy_set_header Content-Type $content_type;
      proxy_set_header Accept $http_accept;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;

      # The API server's own clock: clients tell a token's life from it. Warning and Retry-After come back by themselves.
      proxy_pass_header Date;
      proxy_max_temp_file_size 0;
      proxy_buffer_size 16k;
      proxy_buffers 4 32k;
      proxy_connect_timeout 5s;
      # The API server gives up after 34 s.
      proxy_read_timeout 40s;

      proxy_ssl_verify on;
      proxy_ssl_verify_depth 3;
      proxy_ssl_trusted_certificate ${folders.ca}/ca.crt;
      proxy_ssl_server_name on;
      proxy_ssl_name kubernetes.default.svc;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
    }
  }
`;
}
