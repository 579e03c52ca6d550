/** The scripts that shells source. Each asks the plugin itself, so they never grow old. */

/** The program that kubectl asks for `kubectl sa-token <TAB>`. */
export const kubectlCompletion = `#!/bin/sh
# kubectl calls this for "kubectl sa-token <TAB>"; it goes on PATH under the name kubectl_complete-sa_token.
exec kubectl-sa_token __complete "$@"
`;

export const scripts: Readonly<Record<string, string>> = {
  bash: `# bash completion for kubectl-sa_token; source it
_kubectl_sa_token() {
  local lines last
  mapfile -t lines < <(kubectl-sa_token __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  last=$((\${#lines[@]} - 1))
  COMPREPLY=()
  if [[ $last -ge 0 && \${lines[last]} == :0 ]]; then
    compopt -o default
    return
  fi
  local line
  for line in "\${lines[@]}"; do
    [[ $line == :* ]] || COMPREPLY+=("\${line%%$'\\t'*}")
  done
}
complete -F _kubectl_sa_token kubectl-sa_token kubectl-sa-token
`,
  zsh: `#compdef kubectl-sa_token kubectl-sa-token
# zsh completion for kubectl-sa_token; source it, or put it in a folder of fpath as _kubectl-sa_token
_kubectl_sa_token() {
  local -a lines choices
  lines=("\${(@f)$(kubectl-sa_token __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[-1]} == :0 ]]; then
    _files
    return
  fi
  local line
  for line in $lines; do
    [[ $line == :* ]] && continue
    line=\${line//:/\\\\:}
    choices+=("\${line/$'\\t'/:}")
  done
  _describe 'sa-token' choices
}
(( $+functions[compdef] )) && compdef _kubectl_sa_token kubectl-sa_token kubectl-sa-token
`,
  fish: `# fish completion for kubectl-sa_token; put it in ~/.config/fish/completions/kubectl-sa_token.fish
function __kubectl_sa_token
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (kubectl-sa_token __complete $words[2..-1] 2>/dev/null)
    if test "$lines[-1]" = :0
        __fish_complete_path (commandline -ct)
        return
    end
    string match -v -r '^:' -- $lines
end
complete -c kubectl-sa_token -f -a '(__kubectl_sa_token)'
complete -c kubectl-sa-token -f -a '(__kubectl_sa_token)'
`,
  powershell: `# PowerShell completion for kubectl-sa_token; add it to your $PROFILE
Register-ArgumentCompleter -Native -CommandName kubectl-sa_token, kubectl-sa-token -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '' }
    kubectl-sa_token __complete @words 2>$null | Where-Object { $_ -notmatch '^:' } | ForEach-Object {
        $word, $help = $_ -split "\`t", 2
        if (-not $help) { $help = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
    }
}
`,
};
