/** Service accounts and their Secrets, as the cluster keeps them. */

export interface AccountName {
  namespace: string;
  name: string;
}

export interface Account extends AccountName {
  uid: string;
  createdAt: number;
  /**
   * Names in the account's `secrets` list: "auto-generated" in the eyes of
   * kubernetes/kubernetes pkg/serviceaccount/legacy.go.
   */
  secrets: string[];
}

export interface Secret extends AccountName {
  uid: string;
  createdAt: number;
  type: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  data: Record<string, string>;
}

export interface SecretToken {
  token: string;
  secretName: string;
  secretUid: string;
  /** Of the service account. */
  uid: string;
}

export function key({ namespace, name }: AccountName): string {
  return `${namespace}/${name}`;
}
